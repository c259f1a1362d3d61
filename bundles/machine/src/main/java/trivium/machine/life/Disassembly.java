package trivium.machine.life;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import trivium.cpu.CpuModel;
import trivium.cpu.Segment;
import trivium.cpu.TranslationView;
import trivium.cpu.TranslationView.HostCode;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.hostos.HostMemory;
import trivium.machine.board.VirtualCpu;
import trivium.memory.PhysicalMemory;
import trivium.mmu.Mmu;
import trivium.vm.CodeListing;
import trivium.vm.CodeListing.Line;
import trivium.x86.PageWalker;
import trivium.x86.decode.CodeBytes;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Disassembler;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Row;

/**
 * Lists the code of a vCPU that stands still, without side effects: bytes come from RAM and ROM
 * alone, never from a device.
 */
public final class Disassembly {
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");
    private static final long EFER_LMA = 1 << 10;

    /** Carries no stack trace: guest code that ends where no memory is. */
    private static final class NoCode extends RuntimeException {
        private static final NoCode INSTANCE = new NoCode();

        private NoCode() {
            super("no memory", null, false, false);
        }
    }

    private final VcpuState s;
    private final CpuModel model;
    private final PhysicalMemory memory;
    private final PageWalker walker;

    private Disassembly(VirtualCpu vcpu) {
        s = vcpu.state();
        model = vcpu.model();
        memory = vcpu.memory();
        walker = new PageWalker(s, memory, model);
    }

    /**
     * @param runner may be null
     */
    static CodeListing of(
            String engine, VirtualCpu vcpu, VcpuRunner runner, OptionalLong at, int most) {
        var code = new Disassembly(vcpu);
        long rip = at.orElse(vcpu.state().rip);
        Optional<HostCode> translated =
                runner instanceof TranslationView view ? view.translation(rip) : Optional.empty();
        return new CodeListing(
                vcpu.index(),
                engine,
                code.mode(),
                translated.map(code::guest).orElseGet(() -> code.guest(rip, most)),
                translated.map(Disassembly::host).orElse(List.of()));
    }

    /** The instruction at an offset in the code segment. */
    public static Line line(VirtualCpu vcpu, long rip) {
        return line(new Disassembly(vcpu).decode(rip), 0);
    }

    /** The same, decoded; without a row if there is none. */
    public static Instruction instruction(VirtualCpu vcpu, long rip) {
        return new Disassembly(vcpu).decode(rip).in;
    }

    // --- guest code

    private int mode() {
        int attributes = s.segments[VcpuState.CS].attributes;
        if ((s.efer & EFER_LMA) != 0 && (attributes & Segment.L) != 0) {
            return 64;
        }
        return (attributes & Segment.DB) != 0 ? 32 : 16;
    }

    private List<Line> guest(HostCode translation) {
        List<Line> lines = new ArrayList<>();
        for (long rip : translation.rips()) {
            lines.add(line(decode(rip), lines.size()));
        }
        return lines;
    }

    /** Up to the end of the block. */
    private List<Line> guest(long from, int most) {
        List<Line> lines = new ArrayList<>();
        long rip = from;
        while (lines.size() < most) {
            Decoded decoded = decode(rip);
            lines.add(line(decoded, lines.size()));
            Row row = decoded.in.row;
            if (row == null || row.is(Row.Attribute.ENDS_BLOCK)) {
                break;
            }
            rip += decoded.in.length;
        }
        return lines;
    }

    /**
     * @param in without a row if there is no such instruction
     * @param wrong why, if it could not even be read
     */
    private record Decoded(Instruction in, byte[] bytes, String wrong) {}

    private Decoded decode(long rip) {
        return decode(new Decoder(model), new GuestBytes(rip), mode(), rip);
    }

    private static Decoded decode(Decoder decoder, Recorder bytes, int mode, long ip) {
        Instruction none = new Instruction();
        none.ip = ip;
        try {
            Instruction in = decoder.decode(bytes, mode);
            in.ip = ip;
            return new Decoded(in, bytes.seen(in.length), null);
        } catch (NoCode _) {
            return new Decoded(none, bytes.seen(), "(no memory)");
        } catch (Decoder.TooLong _) {
            return new Decoded(none, bytes.seen(), "(too long)");
        }
    }

    private static Line line(Decoded decoded, int guest) {
        String text = decoded.wrong != null ? decoded.wrong : Disassembler.text(decoded.in);
        return new Line(decoded.in.ip, HEX.formatHex(decoded.bytes), text, guest);
    }

    /** Gives bytes and remembers them. */
    private abstract static class Recorder implements CodeBytes {
        private static final int LONGEST = 16;
        private final byte[] seen = new byte[LONGEST];
        private int count;

        @Override
        public final int next() {
            if (count == LONGEST) {
                throw NoCode.INSTANCE; // the 8086 has no limit, a line has
            }
            int octet = byteAt(count);
            seen[count++] = (byte) octet;
            return octet;
        }

        abstract int byteAt(int offset);

        byte[] seen() {
            return seen(count);
        }

        byte[] seen(int length) {
            return Arrays.copyOf(seen, Math.min(length, LONGEST));
        }
    }

    private final class GuestBytes extends Recorder {
        private final long rip;

        GuestBytes(long rip) {
            this.rip = rip;
        }

        @Override
        int byteAt(int offset) {
            long gpa = gpa(rip + offset);
            long host = gpa == Mmu.FAULT ? 0 : memory.readableHost(gpa);
            if (host == 0) {
                throw NoCode.INSTANCE;
            }
            return HostMemory.getByte(host + (gpa & 0xfff)) & 0xff;
        }

        private long gpa(long ip) {
            if (mode() == 64) {
                return walker.probe(ip);
            }
            long linear = s.segments[VcpuState.CS].base + ip & 0xffff_ffffL;
            return walker.probe(model == CpuModel.I8086 ? linear & 0xf_ffffL : linear);
        }
    }

    // --- host code

    private static final class HostBytes extends Recorder {
        private final byte[] code;
        private final int start;

        HostBytes(byte[] code, int start) {
            this.code = code;
            this.start = start;
        }

        @Override
        int byteAt(int offset) {
            if (start + offset >= code.length) {
                throw NoCode.INSTANCE;
            }
            return code[start + offset] & 0xff;
        }
    }

    private static List<Line> host(HostCode t) {
        Decoder decoder = new Decoder(CpuModel.X86_64);
        List<Line> lines = new ArrayList<>();
        for (int at = 0; at < t.code().length; ) {
            Decoded decoded = decode(decoder, new HostBytes(t.code(), at), 64, t.hostHva() + at);
            lines.add(line(decoded, guestOf(t, at)));
            at += Math.max(1, decoded.bytes.length);
        }
        return lines;
    }

    /** The guest instruction whose code begins last at or before an offset; -1 for code of none. */
    private static int guestOf(HostCode t, int at) {
        int[] offsets = t.offsets();
        int count = t.rips().length;
        if (offsets.length > count && at >= offsets[count]) {
            return -1;
        }
        int found = -1;
        for (int i = 0; i < Math.min(count, offsets.length); i++) {
            if (offsets[i] >= 0
                    && offsets[i] <= at
                    && (found < 0 || offsets[i] >= offsets[found])) {
                found = i;
            }
        }
        return found;
    }
}
