import GateCore
import Testing

@Suite struct StoredOwnerTests {
    @Test(arguments: [
        InstanceOwner.agent(ExactText("a:b")), .namedAgent(ExactText("")), .session(high: 0, low: .max),
        .namedSession(ExactText("é\u{301}")),
    ])
    func anOwnerIsReadAsItWasWritten(_ owner: InstanceOwner) {
        #expect(InstanceOwner(storedText: owner.storedText) == owner)
    }

    @Test(arguments: ["", "a", "q:x", "s:1", "s:1:2:3", "s:x:1", "ab:c"])
    func nothingElseIsRead(_ text: String) { #expect(InstanceOwner(storedText: text) == nil) }
}
