package trivium.bench;

/**
 * How a kernel is run.
 *
 * @param engine {@link #NATIVE}: on the host itself
 * @param mmu empty for native
 */
record Way(String engine, String mmu) {
    static final Way NATIVE = new Way("native", "");

    String label() {
        return (engine + " " + mmu).strip();
    }
}
