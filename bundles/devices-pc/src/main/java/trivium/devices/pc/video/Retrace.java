package trivium.devices.pc.video;

/**
 * Where the electron beam would be: derives line and frame times from the CRT controller and tells
 * the retrace bits of input status 1 for a moment of the virtual clock.
 */
final class Retrace {
    private static final int DISPLAY_DISABLED = 1, VERTICAL_RETRACE = 8;
    private static final long[] DOT_CLOCK_HZ = {25_175_000, 28_322_000, 25_175_000, 25_175_000};
    private static final long MIN_LINE_PICOS = 1_000_000, MAX_LINE_PICOS = 1_000_000_000;

    private long linePicos;
    private long displayPicos;
    private int lines;
    private int displayLines;
    private int retraceStart;
    private int retraceLines;

    Retrace(VgaRegisters r) {
        update(r);
    }

    void update(VgaRegisters r) {
        int[] c = r.crtc;
        int clocking = r.sequencer[VgaRegisters.CLOCKING_MODE];
        int dots = (clocking & VgaRegisters.EIGHT_DOTS) != 0 ? 8 : 9;
        int half = (clocking & VgaRegisters.HALF_CLOCK) != 0 ? 2 : 1;
        long characterPicos = dots * half * 1_000_000_000_000L / DOT_CLOCK_HZ[r.misc >>> 2 & 3];
        linePicos = (c[0] + 5) * characterPicos;
        displayPicos = Math.min((c[1] + 1) * characterPicos, linePicos * 9 / 10);
        lines = (c[6] | (c[7] & 1) << 8 | (c[7] & 0x20) << 4) + 2;
        displayLines = displayLines(c);
        retraceStart = c[0x10] | (c[7] & 4) << 6 | (c[7] & 0x80) << 2;
        retraceLines = c[0x11] - c[0x10] & 0xf;
        if (lines < 100 || linePicos < MIN_LINE_PICOS || linePicos > MAX_LINE_PICOS) {
            standard();
        }
        if (retraceLines == 0 || retraceStart + retraceLines > lines) {
            retraceStart = Math.min(displayLines, lines - 2);
            retraceLines = 2;
        }
    }

    /** Vertical display end, as the CRT controller has it in three registers. */
    static int displayLines(int[] crtc) {
        return (crtc[0x12] | (crtc[7] & 2) << 7 | (crtc[7] & 0x40) << 3) + 1;
    }

    /** The 720 by 400 text mode, for a chip that nobody has set up. */
    private void standard() {
        linePicos = 31_777_000;
        displayPicos = 25_422_000;
        lines = 449;
        displayLines = 400;
        retraceStart = 412;
        retraceLines = 2;
    }

    /** Bits 0 and 3 of input status 1. */
    int status(long nanos) {
        long frameNanos = linePicos * lines / 1000;
        long picos = nanos % frameNanos * 1000;
        int line = (int) (picos / linePicos);
        boolean shown = line < displayLines && picos % linePicos < displayPicos;
        boolean retrace = line >= retraceStart && line < retraceStart + retraceLines;
        return (shown ? 0 : DISPLAY_DISABLED) | (retrace ? VERTICAL_RETRACE : 0);
    }
}
