package trivium.console;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.table.ShellTable;
import trivium.vm.Vm;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "media",
        description = "Shows and changes what is in a VM's drives.",
        detailedDescription = "classpath:media.txt")
public final class MediaCommand extends VmCommand {
    private static final String EJECT = "eject";

    @Reference Session session;

    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Any.class)
    String name;

    @Argument(
            index = 1,
            name = "drive",
            description = "Its slot, or cdrom0, cdrom1, floppy0, floppy1")
    @Completion(Choices.RemovableDrives.class)
    String drive;

    @Argument(index = 2, name = "image", description = "The new medium, or eject")
    @Completion(Choices.Media.class)
    String image;

    @Option(name = "--json", description = "Print a JSON array of the drives")
    boolean json;

    @Override
    void run() throws VmException {
        Vm vm = vm(name);
        if (drive == null) {
            list(vm);
            return;
        }
        String slot = slot(vm);
        if (image != null) {
            vm.changeMedium(slot, image.equals(EJECT) ? Optional.empty() : Optional.of(file()));
        }
        out.println(slot + ": " + shown(vm.media().getOrDefault(slot, Optional.empty())));
    }

    private Path file() {
        return CurrentFolder.of(session).resolve(image).toAbsolutePath().normalize();
    }

    /** "cdrom1" is the second CD drive wherever it is; other words are slots. */
    private String slot(Vm vm) {
        if (!drive.matches("cdrom[0-3]")) {
            return drive;
        }
        List<Drive> cds =
                vm.config().boot().drives().stream()
                        .filter(d -> d.kind() == BlockKind.CDROM)
                        .toList();
        int index = drive.charAt(drive.length() - 1) - '0';
        return index < cds.size() ? cds.get(index).slot() : drive;
    }

    private static String shown(Optional<Path> medium) {
        return medium.map(Path::toString).orElse("no medium");
    }

    private void list(Vm vm) {
        List<Drive> drives = vm.config().boot().drives();
        Map<String, Optional<Path>> media = vm.media();
        if (json) {
            print(drives.stream().map(d -> Describe.drive(d, media)).toList());
            return;
        }
        var table = new ShellTable();
        table.column("Slot");
        table.column("Kind");
        table.column("Medium");
        for (Drive d : drives) {
            String medium = shown(media.getOrDefault(d.slot(), Optional.empty()));
            table.addRow().addContent(d.slot(), Describe.kind(d), medium);
        }
        table.print(out);
    }
}
