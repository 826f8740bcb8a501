#pragma once

/*
 * What two writers write lies so far apart. A line of the cache has 64 bytes on x86 and on most processors of ARM, but Apple's have
 * 128, and x86 fetches lines in pairs: a line whose neighbour another CPU writes is taken away with it.
 */
#define SHARED_LINE_BYTES 128
