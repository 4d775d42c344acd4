import GateDiscovery
import Testing

@Suite struct DiscoveryIndexTests {
    @Test func findsByWords() {
        let index = DiscoveryIndex()
        index.replace(
            server: "files", title: "Files", description: "Works on files.",
            tools: [
                DiscoveryTool(name: "read_file", description: "Reads a file from disk."),
                DiscoveryTool(name: "delete_file", description: "Deletes a file."),
            ])
        let answer = index.search(DiscoveryQuery(text: "remove a document"))
        #expect(answer.hits.first?.tool == "delete_file")
        #expect(answer.total == 2)
    }
}
