package trivium.x86.fp;

/**
 * Where the operations of this package take their modes from and leave their results, so that none
 * of them allocates. Numbers are 80-bit extended values in two parts: a {@code long} significand
 * with explicit integer bit, and an {@code int} of sign (bit 15) and biased exponent (bits 0-14).
 *
 * <p>An operation adds the exceptions it meets to {@link #flags} (and C1 where the result was
 * rounded up); the caller clears {@code flags} before. A result is always the masked response or,
 * for an unmasked overflow or underflow, the bias-adjusted one; {@link #aborted} tells when none
 * may be stored because an exception that is found before computing is unmasked. Not thread-safe.
 */
public final class FpuContext {
    /** Exceptions, as in the status and control words. */
    public static final int IE = 1 << 0,
            DE = 1 << 1,
            ZE = 1 << 2,
            OE = 1 << 3,
            UE = 1 << 4,
            PE = 1 << 5;

    /** Status word: stack fault, exception summary, condition codes. */
    public static final int SF = 1 << 6,
            ES = 1 << 7,
            C0 = 1 << 8,
            C1 = 1 << 9,
            C2 = 1 << 10,
            C3 = 1 << 14;

    /** Rounding control: bits 10-11 of the control word. */
    public static final int NEAREST = 0, DOWN = 1, UP = 2, CHOP = 3;

    /** FCW: masks, precision control, rounding control. */
    public int controlWord = 0x37f;

    /** Exceptions and C1. On entry, DE says that an operand was denormal in its memory format. */
    public int flags;

    /** C0, C2, C3 as the last operation that delivers conditions left them. */
    public int conditions;

    public long mantissa;
    public int signExponent;

    /** The second result: what FXTRACT, FPTAN and FSINCOS push. */
    public long mantissa2;

    public int signExponent2;

    final Wide w0 = new Wide(), w1 = new Wide(), w2 = new Wide(), w3 = new Wide(), w4 = new Wide();

    /** Whether an unmasked IE, DE or ZE forbids to store any result (SDM Vol. 1, 8.5). */
    public boolean aborted() {
        return (flags & ~controlWord & (IE | DE | ZE)) != 0;
    }

    /** The same for stores to memory in a narrower format: unmasked OE and UE forbid them too. */
    public boolean storeAborted() {
        return (flags & ~controlWord & (IE | DE | ZE | OE | UE)) != 0;
    }

    /** The same for FLD of a float or double: it loads denormals whether or not DE is masked. */
    public boolean loadAborted() {
        return (flags & ~controlWord & IE) != 0;
    }

    int rounding() {
        return controlWord >>> 10 & 3;
    }

    void set(int signExponent, long mantissa) {
        this.signExponent = signExponent;
        this.mantissa = mantissa;
    }

    void set2(int signExponent, long mantissa) {
        signExponent2 = signExponent;
        mantissa2 = mantissa;
    }

    /** Invalid operation: the masked response is the real indefinite QNaN. */
    void invalid() {
        flags |= IE;
        set(Float80.INDEFINITE_SE, Float80.QUIET_NAN);
    }

    /** Adds DE; returns true if it is unmasked and the operation must end here. */
    boolean denormalAborts() {
        flags |= DE;
        return (controlWord & DE) == 0;
    }
}
