package trivium.x86.fuzz;

import static trivium.x86.fuzz.Layout.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import trivium.cpu.VcpuState;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.Operand;
import trivium.x86.decode.Row;

/** The kinds of instructions and instruction groups that random programs are made of. */
final class Fragments {
    private static final int LOOP_SLOTS = 4, FUNCTIONS = 3;
    private static final int[] STRING_OPCODES = {
        0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xa6, 0xa7
    };

    /** Services by how often they are called: those that change pages more often. */
    private static final int[] SERVICE = {0, 1, 1, 1, 2, 3, 4, 4, 5, 5};

    private final Random random;
    private final FuzzMode mode;
    private final Pointers pointers;
    private final Encoder encoder;
    private final RowPool pool;
    private final Awkward awkward;
    private final int bits;
    private final List<Piece> functions = new ArrayList<>();
    private List<Piece> labels = List.of();
    private Piece end;
    private int position;

    /** Functions call only later ones: no recursion. */
    private int firstCallable;

    Fragments(Random random, Board board, Pointers pointers, Encoder encoder, RowPool pool) {
        this.random = random;
        this.mode = board.mode();
        this.pointers = pointers;
        this.encoder = encoder;
        this.pool = pool;
        bits = mode.codeBits;
        awkward = new Awkward(random, board, pointers, encoder, pool);
        for (int i = 0; i < FUNCTIONS; i++) {
            functions.add(new Piece());
        }
    }

    void labels(List<Piece> all) {
        labels = all;
    }

    void at(int index) {
        position = index;
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    // ---- the frame around the program

    /** Starts an iteration: stack and loop counters in order. */
    private void head(Piece p) {
        awkward.setStack(p, bits == 16 ? STACK16 : STACK);
        for (int slot = 0; slot < LOOP_SLOTS; slot++) {
            awkward.absolute(p, true, 0xc7, 0, LOOPS + 4 * slot).value(4, 1 + random.nextInt(6));
        }
    }

    /** Counts iterations and ends the program. */
    void tail(Piece tail, Piece head) {
        head(head);
        end = tail;
        awkward.absolute(tail, true, 0x83, 5, COUNTER).value(1, 1);
        tail.add(0x74, bits == 16 ? 3 : 5, 0xe9);
        // the jump ends two bytes before the piece does
        tail.hole(offsetBytes(), Piece.Base.RELATIVE, head, 2).add(0xcd, FINISH_VECTOR);
    }

    private int offsetBytes() {
        return bits == 16 ? 2 : 4;
    }

    /** The functions' bodies. */
    void functions(List<Piece> pieces, Consumer<Piece> filler) {
        position = labels.size();
        for (int i = 0; i < FUNCTIONS; i++) {
            firstCallable = i + 1;
            pieces.add(functions.get(i));
            for (int n = random.nextInt(5); n > 0; n--) {
                Piece p = new Piece();
                filler.accept(p);
                pieces.add(p);
            }
            pieces.add(oneIn(8) ? new Piece().add(0xc2).value(2, 16) : new Piece().add(0xc3));
        }
    }

    private Piece forward() {
        int target = position + 1 + random.nextInt(6);
        return target < labels.size() ? labels.get(target) : end;
    }

    private Piece backward() {
        int target = Math.max(0, position - random.nextInt(8));
        return target < labels.size() ? labels.get(target) : end;
    }

    // ---- plain instructions

    void integer(Piece p) {
        if (oneIn(12)) {
            string(p);
            return;
        }
        if (oneIn(20)) {
            p.add(0xb8 | VcpuState.RCX).value(bits == 16 ? 2 : 4, random.nextInt(40));
        }
        Row row = RowPool.pick(pool.integer, random);
        while (spoilsPointer(row)) {
            row = RowPool.pick(pool.integer, random);
        }
        p.append(encoder.encode(row));
        if (UndefinedFlags.leavesUndefined(row.mnemonic()) && !oneIn(8)) {
            p.add(random.nextBoolean() ? 0x85 : 0x39, 0xc0 | random.nextInt(64));
        }
    }

    private boolean spoilsPointer(Row row) {
        boolean inOpcode = row.operands().stream().anyMatch(o -> o.place() == Operand.Place.OPCODE);
        return inOpcode
                && row.mnemonic() != Mnemonic.PUSH
                && pointers.isPointer(row.opcode() & 7)
                && !oneIn(30);
    }

    void simd(Piece p) {
        if (pool.simd.isEmpty()) {
            integer(p);
        } else {
            p.append(encoder.encode(RowPool.pick(pool.simd, random)));
        }
    }

    private void string(Piece p) {
        boolean repeated = oneIn(2);
        if (repeated) {
            p.add(0xb8 | VcpuState.RCX)
                    .value(bits == 16 ? 2 : 4, random.nextInt(oneIn(4) ? 300 : 20));
        }
        if (oneIn(6)) {
            p.add(0xfd);
        }
        if (bits == 64 && repeated && oneIn(4)) {
            p.add(0x67);
        }
        if (repeated) {
            p.add(oneIn(3) ? 0xf2 : 0xf3);
        }
        if (oneIn(8)) {
            p.add(0x66);
        } else if (bits == 64 && oneIn(3)) {
            p.add(0x48);
        }
        p.add(STRING_OPCODES[random.nextInt(STRING_OPCODES.length)], 0xfc);
    }

    // ---- flow

    void control(Piece p) {
        switch (random.nextInt(12)) {
            case 0 -> jump(p, 0xe9, forward());
            case 1, 2 -> loop(p);
            case 3, 4 -> call(p);
            case 5 -> indirect(p);
            case 6 -> p.add(0xe0 | random.nextInt(4)).hole(1, Piece.Base.RELATIVE, forward(), 0);
            case 7 -> returning(p);
            default -> conditional(p);
        }
    }

    private void conditional(Piece p) {
        if (oneIn(2)) {
            p.add(oneIn(2) ? 0x39 : 0x85, 0xc0 | random.nextInt(64));
        }
        p.add(0x0f, 0x80 | random.nextInt(16));
        p.hole(offsetBytes(), Piece.Base.RELATIVE, forward(), 0);
    }

    private void jump(Piece p, int opcode, Piece target) {
        p.add(opcode).hole(offsetBytes(), Piece.Base.RELATIVE, target, 0);
    }

    private void loop(Piece p) {
        awkward.absolute(p, true, 0x83, 5, LOOPS + 4 * random.nextInt(LOOP_SLOTS)).add(1);
        p.add(0x0f, 0x89).hole(offsetBytes(), Piece.Base.RELATIVE, backward(), 0);
    }

    private Piece callee() {
        return firstCallable < FUNCTIONS
                ? functions.get(firstCallable + random.nextInt(FUNCTIONS - firstCallable))
                : null;
    }

    private void call(Piece p) {
        Piece callee = callee();
        if (callee != null) {
            jump(p, 0xe8, callee);
        }
    }

    /** Jumps or calls to where there is no code, or nothing at all. */
    private void astray(Piece p) {
        int register = random.nextInt(3);
        long target =
                switch (random.nextInt(4)) {
                    case 0 -> 0;
                    case 1 -> random.nextInt();
                    default -> -1;
                };
        if (bits == 64) {
            p.add(0x48, 0xc7, 0xc0 | register).value(4, target);
        } else {
            p.add(0xb8 | register).value(bits == 16 ? 2 : 4, target);
        }
        p.add(0xff, (random.nextBoolean() ? 0xd0 : 0xe0) | register);
    }

    /** MOV reg, label; CALL or JMP reg; or through memory. */
    private void indirect(Piece p) {
        if (oneIn(20)) {
            astray(p);
            return;
        }
        Piece callee = callee();
        boolean call = callee != null && oneIn(2);
        Piece target = call ? callee : forward();
        int register = random.nextInt(3);
        p.add(0xb8 | register).hole(bits == 16 ? 2 : 4, Piece.Base.CODE, target, 0);
        int operation = call ? 2 : 4;
        if (oneIn(2)) {
            p.add(0xff, 0xc0 | operation << 3 | register);
            return;
        }
        int at = SEEN + 0x400;
        if (bits == 64) {
            p.add(0x48);
        }
        awkward.absolute(p, false, 0x89, register, at);
        awkward.absolute(p, false, 0xff, operation, at);
    }

    /** A jump by RET. */
    private void returning(Piece p) {
        p.add(0x68).hole(bits == 16 ? 2 : 4, Piece.Base.CODE, forward(), 0).add(0xc3);
    }

    // ---- calls of the kernel, and what kernels do

    void system(Piece p) {
        switch (random.nextInt(9)) {
            case 0, 1, 2 -> p.add(0xcd, FIRST_SERVICE + SERVICE[random.nextInt(SERVICE.length)]);
            case 3, 4 -> fastCall(p);
            case 5 -> addressSpace(p);
            case 6 -> invalidate(p);
            case 7 -> p.add(0x0f, 0x01, oneIn(4) ? 0xca : 0xcb); // clac, stac
            default -> dma(p);
        }
    }

    /** SYSCALL, or SYSENTER with RCX and RDX for the way back. */
    private void fastCall(Piece p) {
        if (bits == 64 && oneIn(2) || oneIn(20)) {
            p.add(0x0f, 0x05);
            return;
        }
        if (bits == 16) {
            p.add(0xcd, FIRST_SERVICE);
            return;
        }
        if (bits == 64) {
            p.add(0x48);
        }
        p.add(0x89, 0xe1, 0xba); // mov ecx, esp; mov edx, the next piece
        Piece after = position + 1 < labels.size() ? labels.get(position + 1) : end;
        p.hole(4, Piece.Base.CODE, after, 0).add(0x0f, 0x34);
    }

    /** A kernel's MOV CR3, to the other space or the same. */
    private void addressSpace(Piece p) {
        p.add(0x0f, 0x20, 0xd8); // mov eax, cr3
        if (oneIn(2)) {
            p.add(bits == 16 ? 0x90 : 0x35);
            p.value(bits == 16 ? 0 : 4, OTHER_TABLES);
        }
        p.add(0x0f, 0x22, 0xd8);
    }

    private void invalidate(Piece p) {
        int page = oneIn(2) ? CODE + 0x1000 : WINDOW + (random.nextInt(8) << 12);
        if (bits == 64) {
            p.add(0x0f, 0x01, 0x3c, 0x25).value(4, page);
        } else if (bits == 32) {
            p.add(0x36, 0x0f, 0x01, 0x3d).value(4, page);
        } else {
            p.add(0xcd, FIRST_SERVICE + 3);
        }
    }

    /** A device writes to an instruction nearby. */
    private void dma(Piece p) {
        Piece label = oneIn(2) ? backward() : forward();
        p.add(0xb8).hole(bits == 16 ? 2 : 4, Piece.Base.CODE, label, random.nextInt(4));
        p.add(bits == 16 ? 0x90 : 0x66, 0xe7, FuzzVcpu.DMA_PORT);
    }

    void awkward(Piece p) {
        awkward.fill(p, oneIn(2) ? backward() : forward());
    }
}
