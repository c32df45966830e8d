"""Product feeds: files read row by row, and loaded into a server through its public API.

A reader (`json_lines`, `comma_separated`) makes `rows` of a file, whatever its format; `encoding`
makes what bulk jobs consist of; `loading` sends it. Nothing here knows how the server works inside.
"""
