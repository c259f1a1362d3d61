package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import trivium.bt.TestBoard.Mode;
import trivium.cpu.ExecutionEngine;
import trivium.memory.MemoryListener;
import trivium.x86.InterpreterEngine;

/**
 * Random programs that store beside their routines, into their immediates and over their opcodes,
 * again and again, end as in the interpreter.
 */
class PatchedCodeTest extends ProgramTest {
    private static final int PROGRAMS = 30, ROUNDS = 30, TIMES = 12;
    private static final int INSIDE = 0x9240;

    /** Routines, the first over the end of a page. */
    private static final int[] ROUTINES = {0x8fe0, INSIDE, 0x92b0, 0x9320, 0x9390, 0x9400};

    private static final int LENGTH = 64;

    /** NOP, CWDE, CMC, STC, CLC, CDQ; INC and DEC of EAX and EBX. */
    private static final int[] ONE_BYTE_64 = {0x90, 0x98, 0xf5, 0xf9, 0xf8, 0x99},
            ONE_BYTE_32 = {0x40, 0x43, 0x4b, 0x48, 0xf5, 0x40};

    /** Opcodes with an accumulator and an immediate: ADD, OR, ADC, SBB, AND, SUB, XOR, CMP. */
    private static final int ALU = 8;

    /** Code being written. */
    private static final class Code {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final boolean wide;

        Code(Mode mode) {
            wide = mode == Mode.LONG;
        }

        Code add(int... octets) {
            for (int octet : octets) {
                out.write(octet);
            }
            return this;
        }

        Code value(int bytes, long value) {
            for (int i = 0; i < bytes; i++) {
                out.write((int) (value >>> 8 * i));
            }
            return this;
        }

        /** ModR/M of an absolute address. */
        Code at(int reg, int address) {
            return (wide ? add(4 | reg << 3, 0x25) : add(5 | reg << 3)).value(4, address);
        }

        Code call(int address) {
            // mov edx, address; call edx
            return add(0xba).value(4, address).add(0xff, 0xd2);
        }

        String hex() {
            return HexFormat.of().formatHex(out.toByteArray());
        }
    }

    // ---- stores around and into a routine

    @ParameterizedTest
    @EnumSource(names = {"PROTECTED32", "PAE", "LONG"})
    void storesOfAnySizeAnywhereEndAsInTheInterpreter(Mode mode) {
        for (int seed = 0; seed < PROGRAMS; seed++) {
            String code = stores(mode, new Random(seed));
            sameEnd("seed " + seed, e -> new TestBoard(mode, e).code(code)).close();
            samePieces(mode, code, seed, null);
        }
    }

    private static String stores(Mode mode, Random random) {
        Code c = new Code(mode);
        for (int routine : ROUTINES) {
            for (int i = 0; i < LENGTH; i += 4) {
                c.add(0xc7).at(0, routine + i).value(4, oneBytes(c, random));
            }
            c.add(0xc6).at(0, routine + LENGTH).add(0xc3);
        }
        c.add(0x31, 0xf6, 0xbd).value(4, TIMES); // xor esi, esi; mov ebp, TIMES
        int top = c.out.size();
        for (int i = 0; i < ROUNDS; i++) {
            int routine = ROUTINES[random.nextInt(ROUTINES.length)];
            c.call(routine).add(0x11, 0xc6); // adc esi, eax
            store(c, routine, random);
            c.call(routine).add(0x11, 0xc6);
        }
        return loop(c, top);
    }

    private static String loop(Code c, int top) {
        c.add(0xff, 0xcd, 0x0f, 0x85).value(4, top - c.out.size() - 4); // dec ebp; jnz top
        return c.hex();
    }

    private static long oneBytes(Code c, Random random) {
        int[] from = c.wide ? ONE_BYTE_64 : ONE_BYTE_32;
        long value = 0;
        for (int i = 0; i < 8; i++) {
            value = value << 8 | from[random.nextInt(from.length)];
        }
        return value;
    }

    /** Not over the return at the routine's end. */
    private static void store(Code c, int routine, Random random) {
        int size = 1 << random.nextInt(c.wide ? 5 : 4);
        int offset = random.nextInt(LENGTH + 40) - 20;
        if (offset + size > LENGTH && offset <= LENGTH) {
            offset = LENGTH - size;
        }
        int at = routine + offset;
        int how = random.nextInt(4);
        if (size <= 4 && how == 0) {
            // mov edi, at; mov eax, …; mov ecx, n; rep stosb
            c.add(0xbf).value(4, at).add(0xb8).value(4, oneBytes(c, random));
            c.add(0xb9).value(4, size).add(0xf3, 0xaa);
        } else if (size <= 4 && how == 1) {
            c.add(0xbf).value(4, at).add(0xb8).value(4, oneBytes(c, random));
            prefixed(c, size).add(size == 1 ? 0xaa : 0xab);
        } else if (size <= 4 && how == 2) {
            c.add(0xbb).value(4, oneBytes(c, random)); // mov ebx, …; xchg [at], ebx
            prefixed(c, size).add(size == 1 ? 0x86 : 0x87).at(3, at);
        } else if (size <= 4) {
            prefixed(c, size)
                    .add(size == 1 ? 0xc6 : 0xc7)
                    .at(0, at)
                    .value(size, oneBytes(c, random));
        } else if (size == 8 && c.wide) {
            c.add(0x48, 0xbb).value(8, oneBytes(c, random)).add(0x48, 0x89).at(3, at);
        } else {
            for (int i = 0; i < 16; i += 4) {
                c.add(0xc7).at(0, TestBoard.DATA + i).value(4, oneBytes(c, random));
            }
            c.add(0x0f, 0x10).at(0, TestBoard.DATA); // movups, movlps
            c.add(0x0f, size == 8 ? 0x13 : 0x11).at(0, at);
        }
    }

    private static Code prefixed(Code c, int size) {
        return size == 2 ? c.add(0x66) : c;
    }

    // ---- stores into immediates and over opcodes

    /** Bytes of a routine that may become any of some others. */
    private record Place(int offset, int bytes, boolean opcode) {}

    @ParameterizedTest
    @EnumSource(names = {"PROTECTED32", "PAE", "LONG"})
    void patchesEndAsInTheInterpreter(Mode mode) {
        for (int seed = 0; seed < PROGRAMS; seed++) {
            List<Place> places = new ArrayList<>();
            Random random = new Random(seed);
            String code = patches(mode, places, random);
            sameEnd("seed " + seed, e -> new TestBoard(mode, e).code(code)).close();
            samePieces(mode, code, seed, places);
        }
    }

    private static String patches(Mode mode, List<Place> places, Random random) {
        Code routine = new Code(mode);
        for (int n = 3 + random.nextInt(6); n > 0; n--) {
            instruction(routine, places, random);
        }
        routine.add(0x85, 0xc0, 0xc3); // test eax, eax; ret
        Code c = new Code(mode);
        byte[] bytes = routine.out.toByteArray();
        for (int i = 0; i < bytes.length; i++) {
            c.add(0xc6).at(0, INSIDE + i).add(bytes[i]);
        }
        c.add(0x31, 0xf6, 0xbd).value(4, TIMES);
        int top = c.out.size();
        for (int i = 0; i < ROUNDS; i++) {
            Place place = places.get(random.nextInt(places.size()));
            int at = INSIDE + place.offset;
            if (place.opcode) {
                c.add(0xc6).at(0, at).add(random.nextInt(ALU) << 3 | bytes[place.offset] & 7);
            } else {
                int size = place.bytes == 4 && random.nextBoolean() ? 4 : 1;
                int within = random.nextInt(place.bytes - size + 1);
                c.add(size == 1 ? 0xc6 : 0xc7).at(0, at + within).value(size, random.nextInt());
            }
            for (int times = random.nextInt(3); times >= 0; times--) {
                c.call(INSIDE).add(0x11, 0xc6);
            }
        }
        return loop(c, top);
    }

    private static void instruction(Code c, List<Place> places, Random random) {
        int register = new int[] {0, 1, 2, 3, 7}[random.nextInt(5)];
        int rex = c.wide ? 0x40 | random.nextInt(2) << 3 : 0;
        int kind = random.nextInt(8);
        boolean whole = kind != 2 && kind != 7;
        if (rex > 0x40 && whole || c.wide && register == 7 && !whole) {
            c.add(rex);
        }
        int size = 4;
        boolean opcode = false;
        switch (kind) {
            case 0 -> {
                opcode = true;
                c.add(random.nextInt(ALU) << 3 | 5); // op eax, imm32
            }
            case 1 -> c.add(0x81, 0xc0 | random.nextInt(ALU) << 3 | register);
            case 2 -> {
                size = 1; // op bl, imm8
                c.add(0x80, 0xc0 | random.nextInt(ALU) << 3 | register & 3);
            }
            case 3 -> {
                size = 1;
                c.add(0x83, 0xc0 | random.nextInt(ALU) << 3 | register);
            }
            case 4 -> c.add(0xc7, 0xc0 | register); // mov
            case 5 -> c.add(0x69, 0xc0 | register << 3 | random.nextInt(4)); // imul
            case 6 -> {
                size = 1; // rol, ror, rcl, rcr, shl, shr, sar
                int shift = new int[] {0, 1, 2, 3, 4, 5, 7}[random.nextInt(7)];
                c.add(0xc1, 0xc0 | shift << 3 | register);
            }
            default -> {
                size = 1;
                c.add(0xb0 | register & 3); // mov bl, imm8
            }
        }
        int at = c.out.size();
        if (opcode) {
            places.add(new Place(at - 1, 1, true));
        }
        places.add(new Place(at, size, false));
        c.value(size, random.nextInt());
    }

    /**
     * The same in counted runs, between which a device stores to the routine: on this thread or
     * another.
     *
     * @param places where it stores to, or null
     */
    private void samePieces(Mode mode, String code, int seed, List<Place> places) {
        try (TestBoard one = new TestBoard(mode, new InterpreterEngine()).code(code);
                TestBoard other = new TestBoard(mode, engine).code(code)) {
            Random random = new Random(seed);
            for (int i = 0; i < 60; i++) {
                int n = 1 + random.nextInt(100);
                assertThat(other.run(n)).as("seed %d, piece %d", seed, i).isEqualTo(one.run(n));
                if (places != null && i > 20) {
                    Place place = places.get(random.nextInt(places.size()));
                    int value = place.opcode ? random.nextInt(ALU) << 3 | 5 : random.nextInt();
                    device(one, INSIDE + place.offset, value, true);
                    device(other, INSIDE + place.offset, value, random.nextBoolean());
                }
            }
            assertThat(other.run().end()).as("seed %d", seed).isEqualTo(one.run().end());
        }
    }

    private static void device(TestBoard board, int gpa, int value, boolean sameThread) {
        Runnable store = () -> board.memory().write(gpa, 1, value & 0xff);
        if (sameThread) {
            store.run();
            return;
        }
        Thread thread = new Thread(store, "device");
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A device that is read changes what comes behind the read, in code that is patched. */
    @ParameterizedTest
    @EnumSource(names = {"PROTECTED32", "LONG"})
    void storesOfADeviceThatIsReadComeInTime(Mode mode) {
        Code routine = new Code(mode);
        routine.add(0x8b).at(3, TestBoard.DEVICE); // mov ebx, [device]
        int opcode = routine.out.size();
        routine.add(0x05).value(4, 1).add(0x8b).at(3, TestBoard.DATA).add(0x01, 0xd8, 0xc3);
        byte[] bytes = routine.out.toByteArray();
        Code c = new Code(mode);
        for (int i = 0; i < bytes.length; i++) {
            c.add(0xc6).at(0, INSIDE + i).add(bytes[i]);
        }
        c.add(0xbd).value(4, 200);
        int top = c.out.size();
        c.add(0x01).at(5, INSIDE + opcode + 1); // add [immediate], ebp
        c.call(INSIDE).call(INSIDE);
        String code = loop(c, top);
        sameEnd(e -> readingBoard(mode, e, code, INSIDE + opcode)).close();
    }

    private static TestBoard readingBoard(Mode mode, ExecutionEngine e, String code, int opcode) {
        TestBoard board = new TestBoard(mode, e).code(code);
        int[] reads = {0};
        board.whenRead =
                () -> {
                    int operation = reads[0]++ * 5 % 13 % 7;
                    if (operation < 3) { // mostly it leaves it alone
                        board.memory().write(opcode, 1, operation << 4 | 5);
                    }
                };
        return board;
    }

    // ---- what becomes of it

    /** A loop whose immediates it changes itself, and a function made anew each time. */
    @ParameterizedTest
    @EnumSource(names = {"PROTECTED32", "LONG"})
    void isHostCodeSoon(Mode mode) {
        Code c = new Code(mode);
        c.add(0xb9).value(4, 3000); // mov ecx, 3000
        int top = c.out.size();
        c.add(0x05).value(4, 5); // add eax, 5
        c.add(0xff).at(0, TestBoard.CODE + top + 1); // inc dword [that 5]
        c.add(0xc6).at(0, INSIDE).add(0x35); // xor eax, ecx; ret
        c.add(0x89).at(1, INSIDE + 1);
        c.add(0xc6).at(0, INSIDE + 5).add(0xc3);
        c.call(INSIDE).call(INSIDE);
        c.add(0xff, 0xc9, 0x0f, 0x85).value(4, top - c.out.size() - 4);
        try (TestBoard board = sameEnd(e -> new TestBoard(mode, e).code(c.hex()))) {
            assertThat(board.counter("blocks-built")).isLessThan(200);
            assertThat(board.counter("exit-tlb-write")).isLessThan(400);
            assertThat(board.counter("exit-stale")).isLessThan(100);
            assertThat(board.interpreted()).isLessThan(600);
        }
    }

    /** If somebody else watches the page, or all writes, he sees every store. */
    @ParameterizedTest
    @EnumSource(names = {"PROTECTED32", "LONG"})
    void othersSeeEveryStore(Mode mode) {
        Code c = new Code(mode);
        int data = TestBoard.CODE + 0x800;
        c.add(0xb9).value(4, 1000);
        int top = c.out.size();
        c.add(0x89).at(1, data); // mov [data], ecx
        c.add(0xff, 0xc9, 0x0f, 0x85).value(4, top - c.out.size() - 4);
        try (TestBoard board = new TestBoard(mode, engine).code(c.hex())) {
            Count count = new Count();
            board.memory().addListener(count);
            board.run(301); // 100 rounds
            int before = count.stores;
            assertThat(before).isLessThan(50);
            board.memory().trackCode(data);
            board.run(300);
            assertThat(count.stores).isEqualTo(before + 100);
            board.memory().untrackCode(data);
            board.run(300);
            assertThat(count.stores).isLessThan(before + 150);
            int[] written = {0};
            board.memory().addWriteListener(_ -> written[0]++);
            board.memory().dropStores();
            board.run(300);
            assertThat(written[0]).isEqualTo(100);
        }
    }

    private static final class Count implements MemoryListener {
        int stores;

        @Override
        public void mappingChanged() {}

        @Override
        public void storesStale() {}

        @Override
        public void codeTracked(long gpa) {}

        @Override
        public void codeWritten(long gpa, int length) {
            stores++;
        }
    }
}
