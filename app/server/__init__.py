"""The process that serves: uvicorn with bounds on connections and bodies, its sockets, its memory.

It serves any ASGI application and knows no room's data. ``internals`` lists what it, and the two
other rooms that do so, use of libraries beyond their documentation.

Nothing is imported here: ``kith health`` needs ``listening`` alone, and no uvicorn.
"""
