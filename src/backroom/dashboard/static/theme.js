// The theme that was chosen holds before the page is drawn. Without a choice the system's holds.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* A browser may keep nothing. */ }
