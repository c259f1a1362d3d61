package trivium.console;

import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.vm.Vm;
import trivium.vm.VmException;

@Service
@Command(
        scope = "vm",
        name = "registers",
        description = "Shows the registers of a vCPU.",
        detailedDescription = "classpath:registers.txt")
public final class RegistersCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.On.class)
    String name;

    @Option(name = "--vcpu", description = "Which vCPU, from 0 on")
    int vcpu;

    @Override
    void run() throws VmException {
        Vm vm = vm(name);
        if (vcpu < 0 || vcpu >= vm.config().cpus()) {
            throw new VmException(
                    "VM '%s' has no vCPU %d; there are 0 to %d"
                            .formatted(name, vcpu, vm.config().cpus() - 1));
        }
        out.println(vm.registers(vcpu).stripTrailing());
    }
}
