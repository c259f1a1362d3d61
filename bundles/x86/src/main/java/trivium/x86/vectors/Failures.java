package trivium.x86.vectors;

/** Throwables in one line, for reports. */
final class Failures {
    private Failures() {}

    static String describe(Throwable e) {
        StackTraceElement[] trace = e.getStackTrace();
        return trace.length == 0 ? e.toString() : e + " at " + trace[0];
    }
}
