"""Product feeds: files read row by row, and loaded into a server through its public API.

`formats.open_feed` gets a file (`sources`), says what it is (`recognition`) and reads it. A carrier
(`tables`, `xml_elements`, `json_elements`) makes `records` of it. `joining` gathers those that
belong together, and the module of the format (`shopify`, `woocommerce`, `google`, `klaviyo`) makes
`rows` of them. Files with our own names (`json_lines`, `comma_separated`, `api_answers`) need no
joining.

`staging` writes the rows into a `ledger`, a file that also keeps the progress. `comparison` holds
each row against what `existing` reads from the server, and `comparing` decides. `encoding` makes
the operations of bulk jobs from rows. `loading` sends the jobs through `api_client`, and
`rehearsal` only says what it would send. `reporting` says what became of the rows. No module here
knows how the server works inside.
"""
