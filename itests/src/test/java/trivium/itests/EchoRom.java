package trivium.itests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A guest of some thirty instructions: a system ROM that says "ready> " on COM1 and then sends back
 * each byte it gets, between brackets.
 */
final class EchoRom {
    private static final int SIZE = 64 * 1024;
    private static final int MESSAGE = 0x100;

    // spotless:off
    private static final int[] CODE = {
        0x2e, 0x8a, 0x1e, 0x00, 0x01,        // 0000  mov bl, cs:[MESSAGE]     its length
        0xbe, 0x01, 0x01,                    // 0005  mov si, MESSAGE + 1
        0x2e, 0x8a, 0x04,                    // 0008  mov al, cs:[si]
        0xfa, 0xfc, 0x90,                    // 000b  cli; cld; nop
        0xbf, 0x13, 0x00,                    // 000e  mov di, 0013h            where send goes on
        0xeb, 0x3d,                          // 0011  jmp send
        0x46,                                // 0013  inc si
        0xfe, 0xcb,                          // 0014  dec bl
        0x75, 0xf0,                          // 0016  jnz 0008h
        0xba, 0xfd, 0x03,                    // 0018  mov dx, 3fdh             line status
        0xec,                                // 001b  in al, dx
        0xa8, 0x01,                          // 001c  test al, 1
        0x74, 0xf8,                          // 001e  jz 0018h
        0xba, 0xf8, 0x03,                    // 0020  mov dx, 3f8h
        0xec,                                // 0023  in al, dx
        0x88, 0xc7,                          // 0024  mov bh, al
        0xb0, 0x5b,                          // 0026  mov al, '['
        0xbf, 0x2d, 0x00,                    // 0028  mov di, 002dh
        0xeb, 0x23,                          // 002b  jmp send
        0x88, 0xf8,                          // 002d  mov al, bh
        0xbf, 0x34, 0x00,                    // 002f  mov di, 0034h
        0xeb, 0x1c,                          // 0032  jmp send
        0xb0, 0x5d,                          // 0034  mov al, ']'
        0xbf, 0x18, 0x00,                    // 0036  mov di, 0018h
        0xeb, 0x15,                          // 0039  jmp send
        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
        0x88, 0xc4,                          // 0050  send: mov ah, al
        0xba, 0xfd, 0x03,                    // 0052  mov dx, 3fdh
        0xec,                                // 0055  in al, dx
        0xa8, 0x20,                          // 0056  test al, 20h             room for a byte
        0x74, 0xf8,                          // 0058  jz 0052h
        0xba, 0xf8, 0x03,                    // 005a  mov dx, 3f8h
        0x88, 0xe0,                          // 005d  mov al, ah
        0xee,                                // 005f  out dx, al
        0xff, 0xe7,                          // 0060  jmp di
    };
    private static final int[] RESET = {0xea, 0x00, 0x00, 0x00, 0xf0}; // jmp f000:0000
    // spotless:on

    private EchoRom() {}

    static Path write(Path file) throws IOException {
        byte[] rom = new byte[SIZE];
        put(rom, 0, CODE);
        put(rom, 0xfff0, RESET);
        byte[] message = "ready> ".getBytes(StandardCharsets.US_ASCII);
        rom[MESSAGE] = (byte) message.length;
        System.arraycopy(message, 0, rom, MESSAGE + 1, message.length);
        return Files.write(file, rom);
    }

    private static void put(byte[] rom, int at, int[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            rom[at + i] = (byte) bytes[i];
        }
    }
}
