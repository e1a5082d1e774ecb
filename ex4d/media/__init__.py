"""Files and arrays: videos, folders of images and depth files, read safely and written exactly.

Everything is a local regular file with a whitelisted format; nothing here follows a link out to a network, a playlist
or a device. Frames stream: what is held does not grow with the length of a file.
"""
