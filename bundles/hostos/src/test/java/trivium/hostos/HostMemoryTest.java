package trivium.hostos;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostMemoryTest {
    private final Arena arena = Arena.ofShared();
    private final long hva = arena.allocate(64, 64).address();

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void valuesAreLittleEndianAtAnyAlignment() {
        HostMemory.putLong(hva + 3, 0x8877665544332211L);

        assertThat(HostMemory.getByte(hva + 3)).isEqualTo((byte) 0x11);
        assertThat(HostMemory.getShort(hva + 4)).isEqualTo((short) 0x3322);
        assertThat(HostMemory.getInt(hva + 7)).isEqualTo(0x88776655);
        assertThat(HostMemory.get(hva + 10, 1)).isEqualTo(0x88);
        assertThat(HostMemory.get(hva + 7, 4)).isEqualTo(0x88776655L);
    }

    @Test
    void copiesBetweenArraysAndMemoryAndOverlapping() {
        byte[] out = new byte[6];
        HostMemory.copy(new byte[] {1, 2, 3, 4, 5}, 1, hva, 4);
        HostMemory.copy(hva, hva + 1, 4);
        HostMemory.copy(hva, out, 1, 5);

        assertThat(out).containsExactly(0, 2, 2, 3, 4, 5);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void compareAndSetChangesItsBytesOnly(int misalignment) {
        long at = hva + 8 + misalignment;
        for (int size = 1; size <= 8; size *= 2) {
            HostMemory.fill(hva, 64, (byte) 0x5a);
            long old = HostMemory.get(at, size);

            assertThat(compareAndSet(at, size, old ^ 1, 0)).isFalse();
            assertThat(compareAndSet(at, size, old, 0x8182838485868788L)).isTrue();
            assertThat(HostMemory.get(at, size))
                    .isEqualTo(0x8182838485868788L & -1L >>> 64 - size * 8);
            assertThat(HostMemory.getByte(at - 1)).isEqualTo((byte) 0x5a);
            assertThat(HostMemory.getByte(at + size)).isEqualTo((byte) 0x5a);
        }
    }

    @Test
    void compareAndSetOfNeighboursLosesNothing() throws InterruptedException {
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 4; i++) {
            long at = hva + i;
            threads.add(Thread.ofPlatform().start(() -> increment(at, 10_000)));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(HostMemory.getInt(hva)).isEqualTo(0x10101010); // 10,000 mod 256 is 0x10
    }

    private static void increment(long at, int times) {
        for (int n = 0; n < times; ) {
            byte old = HostMemory.getByte(at);
            if (HostMemory.compareAndSetByte(at, old, (byte) (old + 1))) {
                n++;
            }
        }
    }

    private static boolean compareAndSet(long at, int size, long expected, long value) {
        return switch (size) {
            case 1 -> HostMemory.compareAndSetByte(at, (byte) expected, (byte) value);
            case 2 -> HostMemory.compareAndSetShort(at, (short) expected, (short) value);
            case 4 -> HostMemory.compareAndSetInt(at, (int) expected, (int) value);
            default -> HostMemory.compareAndSetLong(at, expected, value);
        };
    }
}
