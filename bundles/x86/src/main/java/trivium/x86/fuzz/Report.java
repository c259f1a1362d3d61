package trivium.x86.fuzz;

import trivium.cpu.VcpuState;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Disassembler;
import trivium.x86.decode.Instruction;

/** Describes a program on which two engines differ. */
final class Report {
    private Report() {}

    static String of(Program program, String difference) {
        Program.Image image = program.build();
        Board board = program.board();
        StringBuilder out = new StringBuilder();
        out.append(
                "seed %d, %s on %s: %s%n"
                        .formatted(program.seed(), board.mode(), board.model(), difference));
        registers(out, board.state());
        out.append("iterations %d%n".formatted(image.ram()[Layout.COUNTER] & 0xff));
        listing(out, board, image);
        return out.toString();
    }

    private static void registers(StringBuilder out, VcpuState s) {
        for (int i = 0; i < 16; i++) {
            out.append("r%-2d %016x%s".formatted(i, s.gpr[i], i % 4 == 3 ? "\n" : "  "));
        }
        out.append(
                "rflags %x cr0 %x cr4 %x fcw %x fsw %x ftw %x mxcsr %x%n"
                        .formatted(s.rflags, s.cr0, s.cr4, s.fcw, s.fsw, s.ftw, s.mxcsr));
    }

    private static void listing(StringBuilder out, Board board, Program.Image image) {
        Decoder decoder = new Decoder(board.model());
        int base = (int) board.mode().codeBase();
        long ip = image.codeOffset();
        long end = ip + image.codeBytes();
        while (ip < end) {
            int[] at = {base + (int) ip};
            int length;
            String text;
            try {
                Instruction in =
                        decoder.decode(() -> image.ram()[at[0]++] & 0xff, board.mode().codeBits);
                in.ip = ip;
                length = in.length;
                text = Disassembler.text(in);
            } catch (Decoder.TooLong _) {
                length = 1;
                text = "(too long)";
            }
            StringBuilder octets = new StringBuilder();
            for (int i = 0; i < length; i++) {
                octets.append("%02x".formatted(image.ram()[base + (int) ip + i]));
            }
            out.append("  %6x  %-24s %s%n".formatted(ip, octets, text));
            ip += length;
        }
    }
}
