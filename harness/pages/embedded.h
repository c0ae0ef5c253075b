/* The style and the script of every page, as they stand in style.css and script.js. */
#ifndef BATCHLAB_PAGES_EMBEDDED_H
#define BATCHLAB_PAGES_EMBEDDED_H

/* Neither has < or &: they stand in a page as they are, also where it is read as XML. */
extern const char embedded_style[], embedded_script[];

#endif
