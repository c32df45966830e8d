"""The OpenAPI document of any revision, and a page that shows it.

No module here knows the date or the shape of a revision. `samples` makes every form that an answer
can take, with the code that makes real answers, and takes the samples down the ladder. `schemas`
makes schemas of what samples have in common. `bodies` makes those of request bodies, with the
pointers of the ladder. `document` puts everything together, `page` shows it to people, and
`publish` keeps both.
"""
