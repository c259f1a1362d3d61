package trivium.bt;

import static trivium.bt.Asm.B;
import static trivium.bt.Gen.T0;
import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RDX;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;

/**
 * Host code for IN and OUT: reaches a shared register of the device, or leaves to Java with the
 * port in T0 and comes back behind. Where the I/O permission bit map decides they are the
 * interpreter's.
 */
final class Ports {
    private final Gen g;
    private final Asm a;
    private final Stubs stubs;
    private final boolean shared;

    /**
     * @param shared whether there may be shared registers
     */
    Ports(Gen g, Stubs stubs, boolean shared) {
        this.g = g;
        this.stubs = stubs;
        this.shared = shared;
        a = g.a;
    }

    /** Of instructions that end blocks: code goes on behind it. */
    boolean end(Instruction in) {
        boolean read = in.mnemonic() == Mnemonic.IN;
        if (!read && in.mnemonic() != Mnemonic.OUT || !g.mode.allPorts()) {
            return false;
        }
        if (read) {
            g.flags.willWrite(RAX);
        }
        g.flags.clobber();
        if (in.operand(read ? 1 : 0).place() == Place.IMM) {
            a.movImm(T0, in.imm & 0xff);
        } else {
            a.extend(false, 2, 4, T0, g.rm(RDX));
        }
        if (shared) {
            g.toStub(a.call(), stubs.port(read, size(in)));
            g.cold(a.jcc(B), Exit.DEVICE);
        } else {
            g.left(Exit.DEVICE);
        }
        return true;
    }

    static int size(Instruction in) {
        return (in.opcode & 1) == 0 ? 1 : Math.min(in.operandSize, 4);
    }
}
