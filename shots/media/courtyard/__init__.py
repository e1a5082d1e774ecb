"""The courtyard at dusk: a small ray-traced film whose depth, layers and other views are all known.

Axes inside this package: x right, y **up from the paving**, z forward; metres. Only ``make_courtyard`` speaks
OpenCV's axes to the outside.

``shapes``    signed distances and noise           ``place``     the courtyard as one signed distance
``surfaces``  colour, relief and glow of it        ``fox``       the walking figure, posed by the time alone
``light``     lamps, shadows, ambient light, sky   ``survey``    first pass: the place, once a camera
                                                   ``relight``   second pass: the fox and its light, every frame
"""
