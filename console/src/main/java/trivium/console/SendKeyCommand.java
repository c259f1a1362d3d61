package trivium.console;

import java.util.ArrayList;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import trivium.input.UsKeyboard;

@Service
@Command(
        scope = "vm",
        name = "sendkey",
        description = "Presses keys and key combinations on a VM's keyboard.",
        detailedDescription = "classpath:sendkey.txt")
public final class SendKeyCommand extends VmCommand {
    @Argument(name = "name", description = "The VM", required = true)
    @Completion(VmNames.Running.class)
    String name;

    @Argument(
            index = 1,
            name = "keys",
            description = "Keys one after the other, such as ctrl-alt-del, f1, a",
            required = true,
            multiValued = true)
    @Completion(Choices.Keys.class)
    List<String> keys;

    @Override
    void run() throws Exception {
        var strokes = new ArrayList<byte[]>();
        for (String chord : keys) {
            strokes.addAll(Typing.keys(() -> UsKeyboard.chord(chord)));
        }
        Typing.send(vm(name), strokes);
    }
}
