package trivium.machine.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

class RawImageTest {
    @TempDir Path folder;
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("image");
    }

    private RawImage open(BlockKind kind) throws VmException {
        return RawImage.open(new Drive("ide0", kind, file, false));
    }

    @Test
    void writesStayInTheFile() throws Exception {
        Files.write(file, new byte[4096]);
        try (RawImage image = open(BlockKind.DISK)) {
            image.write(510, new byte[] {0, 1, 2, 3, 0}, 1, 3);
            image.flush();
            byte[] out = new byte[5];
            image.read(509, out, 0, 5);
            assertThat(out).containsExactly(0, 1, 2, 3, 0);
            assertThat(image.sizeBytes()).isEqualTo(4096);
        }
        assertThat(Files.readAllBytes(file)[511]).isEqualTo((byte) 2);
    }

    @Test
    void accessBeyondTheEndFailsWithoutChangingTheSize() throws Exception {
        Files.write(file, new byte[512]);
        try (RawImage image = open(BlockKind.DISK)) {
            assertThatThrownBy(() -> image.write(511, new byte[2], 0, 2))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> image.read(-1, new byte[2], 0, 2))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> image.read(Long.MAX_VALUE, new byte[2], 0, 2))
                    .isInstanceOf(IOException.class);
        }
        assertThat(Files.size(file)).isEqualTo(512);
    }

    @Test
    void aCdIsReadOnly() throws Exception {
        Files.write(file, new byte[64 * 2048]);
        try (RawImage image = open(BlockKind.CDROM)) {
            assertThat(image.readOnly()).isTrue();
            assertThatThrownBy(() -> image.write(0, new byte[1], 0, 1))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void aWritableImageHasOneUser() throws Exception {
        Files.write(file, new byte[512]);
        try (RawImage _ = open(BlockKind.DISK)) {
            assertThatThrownBy(() -> open(BlockKind.DISK))
                    .isInstanceOf(VmException.class)
                    .hasMessageContaining("in use");
        }
        open(BlockKind.DISK).close();
    }

    @ParameterizedTest
    @CsvSource({
        "DISK, 0, '', is empty",
        "DISK, 1000, '', no whole number of 512-byte sectors",
        "DISK, 1024, QFI\u00fb, is a qcow2 image",
        "DISK, 1024, KDMV, is a VMDK image",
        "CDROM, 2048, '', too few for a CD",
        "FLOPPY, 3000320, '', too many for a floppy",
    })
    void unusableImagesAreNamedWithTheReason(BlockKind kind, int size, String start, String why)
            throws IOException {
        byte[] bytes = new byte[size];
        byte[] magic = start.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        System.arraycopy(magic, 0, bytes, 0, magic.length);
        Files.write(file, bytes);

        assertThatThrownBy(() -> open(kind))
                .isInstanceOf(VmException.class)
                .hasMessageContaining(why)
                .hasMessageContaining("ide0")
                .hasMessageContaining(file.toString());
    }

    @Test
    void aTruncatedIsoSaysHowMuchIsThere() throws IOException {
        byte[] iso = new byte[20 * 2048];
        System.arraycopy("CD001".getBytes(), 0, iso, 16 * 2048 + 1, 5);
        iso[16 * 2048 + 80] = 100; // volume space: 100 sectors
        Files.write(file, iso);

        assertThatThrownBy(() -> open(BlockKind.CDROM))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("truncated: it has 40960 of 204800 bytes");
    }

    @Test
    void missingFilesAndFoldersAreRefused() {
        assertThatThrownBy(() -> open(BlockKind.DISK))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("does not exist");
        file = folder;
        assertThatThrownBy(() -> open(BlockKind.DISK))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("directory");
    }
}
