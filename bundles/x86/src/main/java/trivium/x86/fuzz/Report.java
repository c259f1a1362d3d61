package trivium.x86.fuzz;

import java.util.Arrays;
import java.util.HexFormat;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Disassembler;
import trivium.x86.decode.Instruction;

/** Describes a program on which two engines differ. */
final class Report {
    /** An instruction's bytes. */
    private static final int LONGEST = 15;

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
        int at = (int) (board.mode().codeBase() + image.codeOffset());
        byte[] code = Arrays.copyOfRange(image.ram(), at, at + image.codeBytes() + LONGEST);
        Decoder decoder = new Decoder(board.model());
        listing(out, decoder, board.mode().codeBits, code, image.codeBytes(), image.codeOffset());
        return out.toString();
    }

    static void registers(StringBuilder out, VcpuState s) {
        for (int i = 0; i < 16; i++) {
            out.append("r%-2d %016x%s".formatted(i, s.gpr[i], i % 4 == 3 ? "\n" : "  "));
        }
        out.append(
                "rflags %x cr0 %x cr4 %x fcw %x fsw %x ftw %x mxcsr %x%n"
                        .formatted(s.rflags, s.cr0, s.cr4, s.fcw, s.fsw, s.ftw, s.mxcsr));
    }

    /**
     * @param code of which {@code length} bytes are listed
     * @param ip of the first one
     */
    static void listing(
            StringBuilder out, Decoder decoder, int bits, byte[] code, int length, long ip) {
        for (int from = 0, bytes; from < length; from += bytes) {
            int[] at = {from};
            String text;
            try {
                Instruction in = decoder.decode(() -> code[at[0]++] & 0xff, bits);
                in.ip = ip + from;
                bytes = in.length;
                text = Disassembler.text(in);
            } catch (Decoder.TooLong _) {
                bytes = 1;
                text = "(too long)";
            }
            String octets = HexFormat.of().formatHex(code, from, from + bytes);
            out.append("  %6x  %-24s %s%n".formatted(ip + from, octets, text));
        }
    }
}
