package trivium.x86.interp;

/**
 * A fault on its way from an instruction to the guest's handler. One instance per vCPU, reused,
 * with no stack trace: throwing it costs no allocation.
 */
public final class GuestException extends RuntimeException {
    public static final int DE = 0, DB = 1, NMI = 2, BP = 3, OF = 4, BR = 5, UD = 6, NM = 7, DF = 8;
    public static final int TS = 10, NP = 11, SS = 12, GP = 13, PF = 14, MF = 16, AC = 17, XM = 19;

    int vector;
    int errorCode;

    GuestException() {
        super(null, null, false, false);
    }

    GuestException with(int vector, int errorCode) {
        this.vector = vector;
        this.errorCode = errorCode;
        return this;
    }

    public int vector() {
        return vector;
    }

    public int errorCode() {
        return errorCode;
    }

    @Override
    public String getMessage() {
        return "guest exception %d error code %#x".formatted(vector, errorCode);
    }
}
