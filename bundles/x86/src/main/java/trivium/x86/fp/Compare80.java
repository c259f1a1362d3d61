package trivium.x86.fp;

import static trivium.x86.fp.Float80.SIGN;
import static trivium.x86.fp.Float80.isDenormal;
import static trivium.x86.fp.Float80.isNaN;
import static trivium.x86.fp.Float80.isNormal;
import static trivium.x86.fp.Float80.isSignalling;
import static trivium.x86.fp.Float80.isUnsupported;
import static trivium.x86.fp.FpuContext.C0;
import static trivium.x86.fp.FpuContext.C2;
import static trivium.x86.fp.FpuContext.C3;
import static trivium.x86.fp.FpuContext.DE;
import static trivium.x86.fp.FpuContext.IE;

/** FCOM, FUCOM and FCOMI: the outcome goes to {@code conditions}, as C0 (less), C3, C2. */
public final class Compare80 {
    public static final int UNORDERED = C0 | C2 | C3, LESS = C0, EQUAL = C3, GREATER = 0;

    private Compare80() {}

    /**
     * @param unordered FUCOM: a quiet NaN is no invalid operand
     */
    public static void compare(
            FpuContext c, long am, int ase, long bm, int bse, boolean unordered) {
        if (!isNormal(am, ase) || !isNormal(bm, bse)) {
            if (refuses(c, am, ase, bm, bse, unordered)) {
                c.conditions = UNORDERED;
                return;
            }
            if (isDenormal(am, ase) || isDenormal(bm, bse)) {
                c.flags |= DE;
            }
            if (am == 0 && bm == 0) {
                c.conditions = EQUAL;
                return;
            }
        }
        int order = magnitude(am, ase, bm, bse);
        if (((ase ^ bse) & SIGN) != 0) {
            order = 1;
        }
        if ((ase & SIGN) != 0) {
            order = -order;
        }
        c.conditions = order == 0 ? EQUAL : order < 0 ? LESS : GREATER;
    }

    private static boolean refuses(
            FpuContext c, long am, int ase, long bm, int bse, boolean unordered) {
        boolean unsupported = isUnsupported(am, ase) || isUnsupported(bm, bse);
        if (!unsupported && !isNaN(am, ase) && !isNaN(bm, bse)) {
            return false;
        }
        c.flags &= ~DE;
        if (unsupported || !unordered || isSignalling(am, ase) || isSignalling(bm, bse)) {
            c.flags |= IE;
        }
        return true;
    }

    private static int magnitude(long am, int ase, long bm, int bse) {
        // Pseudo-denormals compare as what they are worth: exponent 1.
        int ea = Math.max(ase & Float80.EXPONENT, 1), eb = Math.max(bse & Float80.EXPONENT, 1);
        return ea != eb && am != 0 && bm != 0
                ? Integer.compare(ea, eb)
                : Long.compareUnsigned(am, bm);
    }
}
