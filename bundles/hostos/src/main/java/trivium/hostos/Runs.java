package trivium.hostos;

import java.io.IOException;

/** Told of a run of bytes, of whole pages. */
interface Runs {
    void run(long offset, long length) throws IOException;
}
