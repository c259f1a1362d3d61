package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory seen through a window, by machine code whose faults lead elsewhere. */
class AddressWindowTest {
    /** MOV RAX,[RDI]; RET. */
    private static final String LOAD = "488b07 c3";

    /** MOV QWORD [RDI],9; RET. */
    private static final String STORE = "48c70709000000 31c0 c3";

    /** MOV RAX,-1; RET. */
    private static final String FAULT = "48c7c0ffffffff c3";

    private static final int AT_STORE = 64, AT_FAULT = 128;
    private static final long SIZE = 1L << 32, ROOM = 1 << 16, PAGE = 4096;

    private AddressWindow window;
    private SharedMemory memory;
    private ExecutableMemory code;
    private SharedMemory record;
    private FaultRedirection faults;

    @BeforeEach
    void make() throws IOException {
        assumeTrue(AddressWindow.available() && FaultRedirection.available(), "not x86-64 Linux");
        assumeTrue(HostInfo.host().executableMemory(), "the host refuses executable memory");
        window = AddressWindow.reserve("test", ROOM, SIZE);
        memory = SharedMemory.allocate("test", 8 * PAGE);
        for (int page = 0; page < 8; page++) {
            HostMemory.putLong(memory.hva() + page * PAGE, 100 + page);
        }
        code = ExecutableMemory.allocate("test", PAGE);
        write(0, LOAD);
        write(AT_STORE, STORE);
        write(AT_FAULT, FAULT);
        record = SharedMemory.allocate("test", PAGE);
        long from = code.executable(), data = window.hva();
        faults =
                FaultRedirection.of(
                        from, from + PAGE, data, data + SIZE, record.hva(), from + AT_FAULT);
    }

    @AfterEach
    void close() {
        if (faults != null) {
            faults.close();
        }
    }

    private void write(int offset, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        HostMemory.copy(bytes, 0, code.writable() + offset, bytes.length);
    }

    private long load(long offset) {
        return NativeCall.call(code.executable(), window.hva() + offset);
    }

    private long store(long offset) {
        return NativeCall.call(code.executable() + AT_STORE, window.hva() + offset);
    }

    @Test
    void showsAndHides() {
        assertThat(load(0x1234_5000)).isEqualTo(-1);
        assertThat(HostMemory.getLong(record.hva())).isEqualTo(code.executable());
        assertThat(HostMemory.getLong(record.hva() + 8)).isEqualTo(window.hva() + 0x1234_5000);

        assertThat(window.show(0x1234_5000, memory.hva() + PAGE, 2 * PAGE, true)).isTrue();
        assertThat(load(0x1234_5000)).isEqualTo(101);
        assertThat(load(0x1234_6000)).isEqualTo(102);
        assertThat(load(0x1234_7000)).isEqualTo(-1);
        assertThat(store(0x1234_6000)).isZero();
        assertThat(HostMemory.getLong(memory.hva() + 2 * PAGE)).isEqualTo(9);

        window.makeReadOnly(0x1234_6000, PAGE);
        assertThat(store(0x1234_6008)).isEqualTo(-1);
        assertThat(load(0x1234_6000)).isEqualTo(9);
        window.hide(0x1234_5000, PAGE);
        assertThat(load(0x1234_5000)).isEqualTo(-1);
        assertThat(load(0x1234_6000)).isEqualTo(9);
        window.hideAll(0x1234_5000, 2 * PAGE);
        assertThat(load(0x1234_6000)).isEqualTo(-1);
    }

    @Test
    void canBeReadOnlyFromTheStartAndReplaced() {
        assertThat(window.show(SIZE - PAGE, memory.hva(), PAGE, false)).isTrue();
        assertThat(load(SIZE - PAGE)).isEqualTo(100);
        assertThat(store(SIZE - PAGE)).isEqualTo(-1);
        assertThat(window.show(SIZE - PAGE, memory.hva() + 7 * PAGE, PAGE, true)).isTrue();
        assertThat(load(SIZE - PAGE)).isEqualTo(107);
        assertThat(store(SIZE - PAGE)).isZero();
    }

    /** The process's own memory would not stay the same as what it was shown from. */
    @Test
    void showsNoPrivateMemory() throws IOException {
        memory.freeze();
        assertThat(window.show(0, memory.hva(), PAGE, true)).isFalse();
        assertThat(load(0)).isEqualTo(-1);
        assertThatThrownBy(() -> window.show(SIZE, memory.hva(), PAGE, true))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hasMemoryBefore() {
        assertThat(load(-ROOM)).isZero();
        HostMemory.putLong(window.hva() - 8, 5);
        assertThat(load(-8)).isEqualTo(5);
    }

    /** The JVM's own faults, implicit null checks among them, are none of ours. */
    @Test
    void othersFaultsAreTheirs() {
        int[] nothing = load(0) == 0 ? new int[1] : null;
        for (int i = 0; i < 100_000; i++) {
            assertThatThrownByNull(nothing);
        }
    }

    private static void assertThatThrownByNull(int[] nothing) {
        try {
            nothing[0]++;
            throw new AssertionError("no exception");
        } catch (NullPointerException _) {
            // as it should
        }
    }
}
