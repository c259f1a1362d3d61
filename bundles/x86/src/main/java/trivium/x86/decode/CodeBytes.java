package trivium.x86.decode;

/** Supplies instruction bytes in order; may throw the reader's own fault. */
@FunctionalInterface
public interface CodeBytes {
    /**
     * @return the next byte, 0 to 255
     */
    int next();
}
