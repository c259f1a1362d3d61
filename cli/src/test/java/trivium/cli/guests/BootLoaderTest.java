package trivium.cli.guests;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import trivium.cli.GuestVm;

/** Programs that live between firmware and operating system. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BootLoaderTest {
    private static final int SOON = 120;

    @Test
    void ipxeFromCdShowsItselfAndTakesCommands() throws Exception {
        try (GuestVm guest =
                Guests.boot("ipxe", "--cdrom", Guests.file("ipxe.iso"), "--memory", 64)) {
            guest.awaitScreen("Open Source Network Boot Firmware", SOON);
            guest.chord("ctrl-b");
            guest.awaitScreen("iPXE>", SOON);

            guest.type("cpuid --ext 29 && echo long mode: ${platform} || echo none\n");
            guest.awaitScreen("long mode: pcbios", SOON);
        }
    }

    @Test
    void grubOnADiskShowsItsMenuAndStartsLinux(@TempDir Path folder) throws Exception {
        Path disk = BootMedia.grubDisk(folder, "686", "console=ttyS0");
        try (GuestVm guest = Guests.boot("grub", "--disk", disk)) {
            guest.awaitScreen("GNU GRUB", SOON);
            guest.awaitScreen("*Linux", SOON);
            guest.chord("down");
            guest.awaitScreen("*Switch off", SOON);
            guest.chord("up");
            guest.awaitScreen("*Linux", SOON);
            guest.type("\n");

            guest.awaitSerial("Linux version", SOON);
            guest.awaitSerial("BOOT_IMAGE=/linux console=ttyS0", SOON);
        }
    }
}
