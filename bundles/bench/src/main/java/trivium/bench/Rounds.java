package trivium.bench;

/**
 * How often a kernel is run on a way.
 *
 * @param longSeconds a run that takes longer tells enough: it is not repeated
 */
record Rounds(int most, double longSeconds) {
    private static final Rounds USUAL = new Rounds(3, 0.5);

    /**
     * @param repeat 0 for the usual
     */
    static Rounds of(int repeat) {
        return repeat == 0 ? USUAL : new Rounds(repeat, Double.POSITIVE_INFINITY);
    }

    String text() {
        if (most == 1) {
            return "one run";
        }
        return Double.isInfinite(longSeconds)
                ? "median of " + most
                : "median of %d, or once if it took %s s".formatted(most, longSeconds);
    }
}
