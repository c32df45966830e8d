"""The words by which cells say true or false: those of feeds, and of Excel in its languages."""

from __future__ import annotations

_TRUE = (
    *("true", "yes", "1", "ja", "oui", "si", "sí"),
    *("WAHR", "VRAI", "VERDADERO", "VERO", "VERDADEIRO", "WAAR", "PRAWDA", "SANT", "SAND", "SANN"),
    *("TOSI", "PRAVDA", "IGAZ", "DOĞRU", "ADEVĂRAT", "ИСТИНА", "ІСТИНА", "ΑΛΗΘΕΣ", "ΑΛΗΘΉΣ"),
)
_FALSE = (
    *("false", "no", "0", "nein", "non"),
    *("FALSCH", "FAUX", "FALSO", "ONWAAR", "FAŁSZ", "FALSKT", "FALSK", "USANN", "EPÄTOSI"),
    *("NEPRAVDA", "HAMIS", "YANLIŞ", "FALS", "ЛОЖЬ", "ХИБНІСТЬ", "ХИБНО", "ΨΕΥΔΕΣ", "ΨΕΥΔΉΣ"),
)
TRUTH_WORDS = {
    word.casefold(): value for words, value in ((_TRUE, True), (_FALSE, False)) for word in words
}
"""By the word, as `str.casefold` gives it."""
