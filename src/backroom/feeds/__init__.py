"""Product feeds: files read row by row, and loaded into a server through its public API.

A reader (`json_lines`, `comma_separated`) makes `rows` of a file. `encoding` makes the operations
of bulk jobs from rows. `loading` sends the jobs through `api_client`. No module here knows how the
server works inside.
"""
