package trivium.devices.pc;

/** Taking back what a model saved. */
public final class States {
    private States() {}

    /**
     * @throws IllegalArgumentException if {@code state} is of another shape
     */
    public static <T extends Record> T as(Class<T> shape, Record state) {
        if (!shape.isInstance(state)) {
            throw new IllegalArgumentException(
                    "not a state of this model: %s, wanted %s"
                            .formatted(
                                    state == null ? "null" : state.getClass().getName(),
                                    shape.getName()));
        }
        return shape.cast(state);
    }

    /**
     * Copies a saved array into the model's own.
     *
     * @throws IllegalArgumentException if the lengths differ
     */
    public static void copy(int[] from, int[] to) {
        if (from.length != to.length) {
            throw new IllegalArgumentException(
                    "state has %d values, not %d".formatted(from.length, to.length));
        }
        System.arraycopy(from, 0, to, 0, to.length);
    }

    /**
     * Likewise for bytes.
     *
     * @throws IllegalArgumentException if the lengths differ
     */
    public static void copy(byte[] from, byte[] to) {
        if (from.length != to.length) {
            throw new IllegalArgumentException(
                    "state has %d bytes, not %d".formatted(from.length, to.length));
        }
        System.arraycopy(from, 0, to, 0, to.length);
    }
}
