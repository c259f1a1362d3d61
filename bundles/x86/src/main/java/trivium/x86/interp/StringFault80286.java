package trivium.x86.interp;

import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RSI;

import trivium.cpu.VcpuState;
import trivium.x86.decode.Mnemonic;

/**
 * What a string instruction leaves behind on an 80286 when an operand faults: unlike later
 * processors it has stepped the registers of the operands it got to, and has counted, by two where
 * it was storing. Seen on real chips (SingleStepTests).
 */
final class StringFault80286 {
    private StringFault80286() {}

    /**
     * @return the same exception, to throw
     */
    static GuestException leave(
            Cpu c, GuestException e, Mnemonic kind, int bytes, int segment, boolean repeated) {
        int vector = e.vector();
        int errorCode = e.errorCode();
        boolean early =
                switch (kind) {
                    case MOVS -> faults(c, segment, c.r[RSI], bytes);
                    case CMPS -> faults(c, VcpuState.ES, c.r[RDI], bytes);
                    default -> false;
                };
        int step = (c.s.rflags & Flags.DF) != 0 ? -bytes : bytes;
        if (kind != Mnemonic.STOS && kind != Mnemonic.INS && kind != Mnemonic.SCAS) {
            if (kind != Mnemonic.CMPS || !early) {
                c.set16(RSI, (int) c.r[RSI] + step);
            }
        }
        if (kind != Mnemonic.LODS && kind != Mnemonic.OUTS) {
            if (kind != Mnemonic.MOVS || !early) {
                c.set16(RDI, (int) c.r[RDI] + step);
            }
        }
        if (repeated) {
            int count = (int) c.r[RCX] & 0xffff;
            c.set16(RCX, count - Math.min(count, counted(kind, early)));
        }
        return c.fault(vector, errorCode);
    }

    private static int counted(Mnemonic kind, boolean early) {
        return switch (kind) {
            case STOS, INS -> 2;
            case MOVS -> early ? 1 : 2;
            case CMPS -> early ? 0 : 1;
            default -> 1;
        };
    }

    private static boolean faults(Cpu c, int segment, long offset, int bytes) {
        try {
            c.checkRead(segment, offset & 0xffff, bytes);
            return false;
        } catch (GuestException e) {
            return true;
        }
    }
}
