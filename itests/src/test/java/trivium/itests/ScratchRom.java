package trivium.itests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A guest of a dozen instructions: for each byte from COM1 it sends back what the sample device
 * holds, and gives that the byte to hold.
 */
final class ScratchRom {
    private static final int SIZE = 64 * 1024;

    // spotless:off
    private static final int[] CODE = {
        0xba, 0xfd, 0x03,                    // 0000  mov dx, 3fdh             line status
        0xec,                                // 0003  in al, dx
        0xa8, 0x01,                          // 0004  test al, 1
        0x74, 0xf8,                          // 0006  jz 0000h
        0xba, 0xf8, 0x03,                    // 0008  mov dx, 3f8h
        0xec,                                // 000b  in al, dx
        0x86, 0xc3,                          // 000c  xchg bl, al
        0xba, 0xf0, 0x06,                    // 000e  mov dx, 6f0h             the device
        0xec,                                // 0011  in al, dx
        0x86, 0xc3,                          // 0012  xchg bl, al
        0xee,                                // 0014  out dx, al
        0xba, 0xf8, 0x03,                    // 0015  mov dx, 3f8h
        0x88, 0xd8,                          // 0018  mov al, bl
        0xee,                                // 001a  out dx, al
        0xeb, 0xe3,                          // 001b  jmp 0000h
    };
    private static final int[] RESET = {0xea, 0x00, 0x00, 0x00, 0xf0}; // jmp f000:0000
    // spotless:on

    private ScratchRom() {}

    static Path write(Path file) throws IOException {
        byte[] rom = new byte[SIZE];
        put(rom, 0, CODE);
        put(rom, 0xfff0, RESET);
        return Files.write(file, rom);
    }

    private static void put(byte[] rom, int at, int[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            rom[at + i] = (byte) bytes[i];
        }
    }
}
