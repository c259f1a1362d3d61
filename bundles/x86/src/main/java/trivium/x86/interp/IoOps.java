package trivium.x86.interp;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RDX;

import trivium.x86.decode.Instruction;
import trivium.x86.decode.Operand.Place;

/** IN and OUT. */
final class IoOps {
    private IoOps() {}

    static Op build(Instruction in) {
        return switch (in.mnemonic()) {
            case IN -> in(in);
            case OUT -> out(in);
            default -> null;
        };
    }

    private static Op in(Instruction in) {
        int port = in.operand(1).place() == Place.IMM ? (int) in.imm & 0xff : -1;
        int bytes = Math.min(in.bytes(0), 4);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                int p = port < 0 ? (int) c.r[RDX] & 0xffff : port;
                c.system.checkIo(p, bytes);
                Registers.set(c, RAX, 0, bytes, c.vcpu.ports().in(p, bytes));
                c.rip = next;
            }
        };
    }

    private static Op out(Instruction in) {
        int port = in.operand(0).place() == Place.IMM ? (int) in.imm & 0xff : -1;
        int bytes = Math.min(in.bytes(1), 4);
        return new Op(in) {
            @Override
            public void exec(Cpu c) {
                int p = port < 0 ? (int) c.r[RDX] & 0xffff : port;
                c.system.checkIo(p, bytes);
                c.vcpu.ports().out(p, bytes, (int) c.r[RAX]);
                c.rip = next;
            }
        };
    }
}
