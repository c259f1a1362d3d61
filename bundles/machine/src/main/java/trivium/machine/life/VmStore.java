package trivium.machine.life;

import trivium.vm.VmConfig;
import trivium.vm.VmException;

/** Where configurations of VMs are kept. */
public interface VmStore {
    /**
     * @throws VmException if it cannot be kept
     */
    void save(VmConfig config) throws VmException;

    /** Nothing happens if it is not there. */
    void delete(String name) throws VmException;

    /** Keeps nothing: VMs end with the program. */
    VmStore NONE =
            new VmStore() {
                @Override
                public void save(VmConfig config) {}

                @Override
                public void delete(String name) {}
            };
}
