package trivium.x86.vectors;

import java.io.Closeable;
import java.io.IOException;

/** An open file of vectors; each {@link #next} reads one, which the reader keeps until the next. */
sealed interface VectorFile extends Closeable permits X86Vec1File, MooFile {
    /** Format and processor, for people: "X86VEC1, 64-bit". */
    String kind();

    /** How many the header announces. */
    long announced();

    /**
     * @return whether there is another vector; false only after as many as announced
     * @throws VectorFormatException telling which vector is truncated or corrupt
     */
    boolean next() throws IOException;

    /** Position, name and instruction bytes of the present vector. */
    String title();
}
