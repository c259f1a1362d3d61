package trivium.x86.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;

/**
 * Makes random programs of a few dozen instructions that run some dozen times in a loop: common
 * integer code for the most part, and everything that is awkward for a translator. The same seed
 * gives the same program.
 */
public final class Generator {
    /** In virtual-8086 mode, with IOPL 3 so that INT is not a #GP. */
    private static final int VM_IOPL3 = 1 << 17 | 3 << 12;

    private static final Map<String, RowPool> POOLS = new ConcurrentHashMap<>();

    /** Weights of what programs consist of. */
    public record Mix(int integer, int x87, int simd, int control, int awkward, int system) {
        public static final Mix INTEGER = new Mix(70, 0, 0, 25, 5, 0),
                ALL = new Mix(40, 18, 18, 18, 6, 0),
                FLOATS = new Mix(12, 40, 40, 8, 0, 0),
                HOSTILE = new Mix(40, 2, 2, 26, 30, 0),
                SYSTEM = new Mix(38, 3, 3, 22, 8, 26);

        int total() {
            return integer + x87 + simd + control + awkward + system;
        }
    }

    private final Random random;
    private final Mix mix;
    private final Board board;
    private final RowPool pool;
    private final Pointers pointers;
    private final Encoder encoder;
    private final Fragments fragments;
    private final List<Piece> pieces = new ArrayList<>();

    private Generator(long seed, Mix mix) {
        this.mix = mix;
        random = new Random(seed * 0x9e37_79b9_7f4a_7c15L);
        FuzzMode mode = FuzzMode.values()[random.nextInt(FuzzMode.values().length)];
        CpuModel model = mode.longMode() || random.nextBoolean() ? CpuModel.X86_64 : older();
        board = new Board(mode, model, random, mix.system > 0);
        pool =
                POOLS.computeIfAbsent(
                        model.id() + mode.codeBits, _ -> new RowPool(model, mode.codeBits));
        pointers = new Pointers(random, mode.codeBits, board.dataBase);
        encoder = new Encoder(random, mode.codeBits, pointers);
        fragments = new Fragments(random, board, pointers, encoder, pool);
    }

    private CpuModel older() {
        return random.nextInt(4) == 0 ? CpuModel.I386 : CpuModel.PENTIUM3;
    }

    static Program program(long seed, Mix mix) {
        return new Generator(seed, mix).make(seed);
    }

    private Program make(long seed) {
        int count = 1 + random.nextInt(random.nextBoolean() ? 12 : 60);
        Piece head = new Piece();
        pieces.add(head);
        List<Piece> labels = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            labels.add(new Piece());
        }
        fragments.labels(labels);
        Piece tail = new Piece();
        fragments.tail(tail, head);
        for (int i = 0; i < count; i++) {
            pieces.add(labels.get(i));
            fragments.at(i);
            fill(labels.get(i));
        }
        int iterations = 1 + random.nextInt(30);
        pieces.add(jump(tail));
        fragments.functions(pieces, this::fill);
        pieces.add(tail);
        registers(iterations);
        boolean system = mix.system > 0;
        boolean crossing = system ? random.nextInt(5) > 0 : random.nextInt(3) == 0;
        int before = system ? 250 : 60;
        int start = crossing ? 0x1000 - random.nextInt(before) : random.nextInt(0x40);
        if (board.mode().paging && !board.mode().user && random.nextInt(8) == 0) {
            // Behind the entries of the page table: whatever sets bits in these writes to code.
            start = board.lastTable() + 0x800 - Layout.CODE;
        }
        int flags = 2 | random.nextInt(2) << 9 | (random.nextInt(16) == 0 ? 1 << 10 : 0);
        flags |= random.nextInt(16) & 1 | (random.nextInt(8) == 0 ? 0x8d4 : 0);
        if (board.mode() == FuzzMode.VIRTUAL8086) {
            flags |= VM_IOPL3;
        }
        board.state().rflags = flags;
        return new Program(seed, board, pointers, pieces, start, flags);
    }

    private Piece jump(Piece target) {
        Piece p = new Piece().add(0xe9);
        return p.hole(board.mode().codeBits == 16 ? 2 : 4, Piece.Base.RELATIVE, target, 0);
    }

    private void registers(int iterations) {
        VcpuState s = board.state();
        for (int i = 0; i < 16; i++) {
            if (i != VcpuState.RSP) {
                boolean pointer = pointers.isPointer(i);
                s.gpr[i] = pointer ? pointers.values()[i] : Numbers.any(random);
            }
        }
        if (board.mode().codeBits != 64) {
            for (int i = 0; i < 8; i++) {
                s.gpr[i] &= 0xffff_ffffL;
            }
        }
        new ImageWriter(board.image()).at(Layout.COUNTER).value(4, iterations);
    }

    /** Appends one random instruction or fragment. */
    private void fill(Piece p) {
        int n = random.nextInt(mix.total());
        if ((n -= mix.integer) < 0) {
            fragments.integer(p);
        } else if ((n -= mix.x87) < 0) {
            p.append(encoder.encode(RowPool.pick(pool.x87, random)));
        } else if ((n -= mix.simd) < 0) {
            fragments.simd(p);
        } else if ((n -= mix.control) < 0) {
            fragments.control(p);
        } else if (n - mix.awkward < 0) {
            fragments.awkward(p);
        } else {
            fragments.system(p);
        }
    }
}
