"""Product feeds: files read row by row, and loaded into a server through its public API.

A reader (`json_lines`, `comma_separated`) makes `rows` of a file. `staging` writes them into a
`ledger`, a file that also keeps the progress. `comparison` holds each row against what `existing`
reads from the server, and `comparing` decides. `encoding` makes the operations of bulk jobs from
rows. `loading` sends the jobs through `api_client`, and `rehearsal` only says what it would send.
`reporting` says what became of the rows. No module here knows how the server works inside.
"""
