"""The OpenAPI document of any revision, and a page that shows it.

Nothing here knows a revision's date or shape. `samples` has the forms that a newest answer can
take, made by the code that makes real ones, and takes them down the ladder as real ones go;
`schemas` reads off what they have in common. `bodies` does the same for requests with the pointers
of the ladder. `document` puts all together, `page` shows it to people, `publish` hands both out.
"""
