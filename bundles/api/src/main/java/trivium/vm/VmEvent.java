package trivium.vm;

/** Something happened to a VM. */
public sealed interface VmEvent {
    String vm();

    record Created(String vm) implements VmEvent {}

    record Deleted(String vm) implements VmEvent {}

    record StateChanged(String vm, VmState from, VmState to, String why) implements VmEvent {}

    record EngineChanged(String vm, String from, String to) implements VmEvent {}
}
