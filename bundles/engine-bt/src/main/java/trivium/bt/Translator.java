package trivium.bt;

import static trivium.bt.Asm.CMP;
import static trivium.bt.Asm.NE;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import trivium.cpu.Vcpu;
import trivium.hostos.HostInfo;
import trivium.memory.PhysicalMemory;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand.Place;
import trivium.x86.decode.Row.Attribute;
import trivium.x86.interp.Block;
import trivium.x86.interp.Patches;

/** Writes the host code of blocks. Bound to one vCPU's thread. */
final class Translator {
    private final PhysicalMemory memory;
    private final Decoder decoder;
    private final CodeCache cache;
    private final Gen g;
    private final Integers integers;
    private final Strings strings;
    private final Privileged privileged;
    private final Segments segments;
    private final Legacy legacy;
    private final Controls controls;
    private final Ports ports;
    private final Flow flow;
    private final Fp fp;

    // Where the bytes of the block being decoded come from, and what they were.
    private long gpa, nextPage;
    private byte[] bytes;
    private int read;

    Translator(CodeCache cache, Vcpu vcpu) {
        memory = vcpu.memory();
        this.cache = cache;
        decoder = new Decoder(vcpu.model());
        g = new Gen(cache.stubs(), vcpu.pendingHva());
        integers = new Integers(g);
        strings = new Strings(g);
        privileged = new Privileged(g);
        segments = new Segments(g);
        legacy = new Legacy(g);
        controls = new Controls(g, cache.stubs());
        ports = new Ports(g, cache.stubs(), vcpu.ports().shared().isPresent());
        flow = new Flow(g);
        fp = new Fp(g, HostInfo.x86Features());
    }

    /**
     * The instructions of a block, or null if memory no longer has them as they were, or some are
     * in device registers: no read of those may be one too many.
     */
    List<Instruction> decode(Block block) {
        if (memory.readableHost(block.gpa) == 0 || memory.readableHost(block.lastPage) == 0) {
            return null;
        }
        gpa = block.gpa;
        nextPage = block.lastPage;
        bytes = new byte[block.bytes];
        read = 0;
        long ip = block.ip;
        List<Instruction> list = new ArrayList<>(block.instructions);
        int bytes = 0;
        while (list.size() < block.instructions) {
            Instruction in;
            try {
                in = decoder.decode(this::nextByte, block.codeSize());
            } catch (Decoder.TooLong _) {
                return null;
            }
            in.ip = ip;
            list.add(in);
            bytes += in.length;
            ip = Flow.next(in);
        }
        return bytes == block.bytes ? list : null;
    }

    /**
     * Makes a block, whose instructions {@link #decode} just gave, one that checks itself.
     *
     * @return false if it cannot be one
     */
    boolean check(Block block, List<Instruction> list) {
        int offset = (int) block.gpa & 0xfff;
        // Compares are of four bytes.
        if (offset + (block.bytes + 3 & ~3) > 4096
                || memory.a20Mask() != -1
                || !list.stream().limit(list.size() - 1).allMatch(Patches::leavesMemory)) {
            return false;
        }
        BitSet unchecked = new BitSet();
        int end = 0;
        for (Instruction in : list) {
            end += in.length;
            int immediate = Patches.immediateBytes(in);
            in.patched = immediate != 0;
            unchecked.set(end - immediate, end);
        }
        block.check(bytes, memory.readableHost(block.gpa) + offset, unchecked);
        return true;
    }

    private int nextByte() {
        int octet = (int) memory.read(gpa, 1) & 0xff;
        if (read < bytes.length) {
            bytes[read++] = (byte) octet;
        }
        gpa++;
        if ((gpa & 0xfff) == 0) {
            gpa = nextPage;
        }
        return octet;
    }

    /**
     * Translates a block whose instructions are {@code list}.
     *
     * @param number of the new translation
     * @param secondPage the EXEC entry and cookie of the page where it ends, packed, or 0 if it
     *     lies in one page
     * @param grouped whether accesses that lie near each other are looked up together, and
     *     registers change places in a loop
     * @param hot null if the block is not
     * @return null if the code cache is full
     */
    Translation translate(
            Block block,
            List<Instruction> list,
            Mode mode,
            FlagSource entry,
            boolean grouped,
            Gen.Hot hot,
            int number,
            long secondPage) {
        boolean checked = block.isChecked();
        int n = list.size();
        long host = cache.next();
        Instruction end = list.get(n - 1);
        boolean inWindow = hot != null && hot.windows();
        Groups groups = grouped && !inWindow ? Groups.of(list, mode) : Groups.none(list);
        g.begin(groups, hot, mode, block.ip, end.ip + end.length - 1, host, number, entry);
        int[] seen = seen(list, mode);
        long[] ips = new long[n];
        int[] offsets = new int[n + 1];
        // Left at its entry, a block shows the flags that came with the jump there.
        boolean mayRefuse = secondPage != 0 || checked || mode.counted();
        g.instruction(0, FlagUse.ALL, FlagUse.ALL);
        g.poll();
        int body = g.a.size;
        if (secondPage != 0) {
            g.a.aluImm(CMP, 4, Rm.gs((int) (secondPage >>> 32)), (int) secondPage);
            g.cold(g.a.jcc(NE), Exit.ENTRY);
        }
        if (checked) {
            g.check(block);
        }
        checkLimit(mode, n);
        boolean loop = grouped && Loop.closes(list);
        if (loop) {
            int[] map = Loop.map(list, mode, groups.any() ? -1 : Asm.R10);
            g.beginLoop(map, () -> checkLimit(mode, n));
        }
        boolean ended = false, indirect = false;
        strings.begin();
        fp.begin(n);
        for (int i = 0; i < n; i++) {
            Instruction in = list.get(i);
            ips[i] = in.ip;
            offsets[i] = g.a.size;
            g.instruction(i, seen[i], seen[i + 1]);
            boolean last = in.row == null || in.row.is(Attribute.ENDS_BLOCK);
            if (last) {
                fp.flush(ips, i);
            }
            if (in.row == null) {
                g.one();
            } else if (last && (controls.left(in) || ports.end(in))) {
                fp.left(in, i);
                last = false;
            } else if (last ? !ending(in, n) : !plain(in, i)) {
                g.one();
                fp.left(in, i);
                last &= Flow.transfers(in);
            } else {
                indirect = last && g.sites.isEmpty();
            }
            offsets[i] = g.retryAt(offsets[i]);
            ended = last;
        }
        offsets[n] = g.a.size;
        if (!ended) {
            fp.flush(ips, n);
            g.count(n);
            g.edge(Flow.next(end), false);
        }
        g.finish();
        int stub = g.entryStub(entry);
        while (g.a.size < body + 5) {
            g.a.u8(0x90);
        }
        if (!cache.add(g.a)) {
            return null;
        }
        Translation t =
                new Translation(
                        number,
                        block,
                        list,
                        mode,
                        entry,
                        host,
                        body,
                        g.loopEntry,
                        g.a.size,
                        ips,
                        offsets,
                        ended,
                        indirect,
                        seen[0] == 0 && !mayRefuse,
                        groups.any() || loop ? g.plainJumps : null,
                        g.flags.keeps,
                        stub,
                        List.copyOf(g.sites),
                        fp.notes(n));
        t.transition = g.transition;
        t.check = g.check;
        t.windowAccesses = List.copyOf(g.windowAccesses);
        return t;
    }

    private void checkLimit(Mode mode, int instructions) {
        if (mode.counted()) {
            g.a.lea(8, Gen.T2, Rm.mem(Gen.COUNT, instructions));
            g.a.alu(CMP, 8, Gen.T2, Rm.gs(Area.LIMIT));
            g.cold(g.a.jcc(Asm.G), Exit.ENTRY);
        }
    }

    private boolean plain(Instruction in, int index) {
        return Fp.concerns(in)
                ? fp.emit(in, index)
                : integers.emit(in)
                        || strings.emit(in)
                        || privileged.emit(in)
                        || segments.emit(in)
                        || legacy.emit(in)
                        || controls.emit(in);
    }

    private boolean ending(Instruction in, int count) {
        return flow.emit(in, count)
                || privileged.end(in, count)
                || segments.end(in, count)
                || legacy.end(in, count)
                || controls.end(in, count);
    }

    /** By instruction: which flags before it can be seen before they are overwritten. */
    private int[] seen(List<Instruction> list, Mode mode) {
        int n = list.size();
        boolean[] leaves = new boolean[n];
        int loaded = 0;
        for (int i = 0; i < n; i++) {
            Instruction in = list.get(i);
            if (in.row != null && Fp.concerns(in)) {
                int units = fp.units(in);
                leaves[i] = (units & ~loaded) != 0 || !fp.stays(in);
                loaded |= units;
            } else {
                leaves[i] = in.row == null || mayLeave(in, mode);
            }
        }
        int[] seen = new int[n + 1];
        seen[n] = FlagUse.ALL;
        for (int i = n - 1; i >= 0; i--) {
            Instruction in = list.get(i);
            seen[i] =
                    leaves[i]
                            ? FlagUse.ALL
                            : seen[i + 1] & ~FlagUse.overwrites(in) | FlagUse.reads(in);
        }
        return seen;
    }

    /** Whether an instruction's code may leave the block before it is done. */
    private static boolean mayLeave(Instruction in, Mode mode) {
        return switch (in.mnemonic()) {
            case ADD,
                    OR,
                    ADC,
                    SBB,
                    AND,
                    SUB,
                    XOR,
                    CMP,
                    TEST,
                    INC,
                    DEC,
                    NEG,
                    NOT,
                    MOV,
                    MOVZX,
                    MOVSX,
                    MOVSXD,
                    XCHG,
                    IMUL,
                    MUL ->
                    memoryOperand(in);
            case LEA, CBW, CWD, CLC, STC, CMC, LAHF, SAHF -> false;
            case NOP -> in.rep != 0;
            case CLI -> !mode.setsIf();
            case MOV_FROM_SREG -> !in.isRegisterForm() || (in.modRm & 0x38) > 0x28;
            default -> Conditions.of(in.mnemonic()) < 0 || memoryOperand(in);
        };
    }

    private static boolean memoryOperand(Instruction in) {
        for (int i = 0; i < in.row.operands().size(); i++) {
            Place place = in.operand(i).place();
            if (place == Place.MOFFS
                    || place == Place.MEMORY
                    || place == Place.RM && !in.isRegisterForm()) {
                return true;
            }
            if (place == Place.RM
                    && in.bytes(i) == 1
                    && (in.mnemonic() == Mnemonic.MUL || in.mnemonic() == Mnemonic.IMUL)) {
                return true; // AH to BH are left to the interpreter
            }
        }
        return false;
    }
}
