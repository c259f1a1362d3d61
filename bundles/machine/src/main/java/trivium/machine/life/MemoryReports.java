package trivium.machine.life;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import trivium.hostos.HostInfo;
import trivium.hostos.Mappings;
import trivium.hostos.SharedMemory;
import trivium.machine.memory.GuestMemory;
import trivium.machine.sharing.PageSharing;
import trivium.vm.MemoryReport;
import trivium.vm.VmException;

/** Adds up what memory costs. */
final class MemoryReports {
    private MemoryReports() {}

    static MemoryReport of(Collection<VirtualMachine> vms, PageSharing sharing) throws VmException {
        List<MemoryReport.OfVm> each = new ArrayList<>();
        List<SharedMemory> all = new ArrayList<>();
        try {
            for (VirtualMachine vm : vms) {
                GuestMemory memory = vm.memory().orElse(null);
                if (memory != null) {
                    each.add(of(vm, memory.parts()));
                    all.addAll(memory.parts());
                }
            }
            return new MemoryReport(
                    each,
                    sharing.report(),
                    SharedMemory.bytesTogether(all),
                    HostInfo.processBytes(),
                    HostInfo.availableBytes(),
                    Mappings.used(),
                    Mappings.most());
        } catch (IOException e) {
            throw new VmException("this host does not tell: " + e.getMessage(), e);
        }
    }

    private static MemoryReport.OfVm of(VirtualMachine vm, List<SharedMemory> parts)
            throws IOException {
        long size = 0, own = 0, shared = 0;
        int mappings = 0;
        for (SharedMemory part : parts) {
            SharedMemory.Usage usage = part.usage();
            size += part.sizeBytes();
            own += usage.ownBytes();
            shared += usage.sharedBytes();
            mappings += usage.mappings();
        }
        return new MemoryReport.OfVm(
                vm.id(), vm.sharingGroup().orElse(""), size, own, shared, vm.ballooned(), mappings);
    }
}
