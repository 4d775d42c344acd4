/// Keeps the best of many candidates without sorting the rest.
struct BestFirst {
    struct Candidate {
        /// Number of the tool over all segments.
        var tool: Int
        var segment: Int
        var score: Float

        /// Equal scores keep the order of the catalog, so that pages never overlap.
        func isBetter(than other: Candidate) -> Bool {
            score != other.score ? score > other.score : tool < other.tool
        }
    }

    private let capacity: Int
    /// A heap with the worst on top.
    private var heap: [Candidate] = []
    /// How many were offered.
    private(set) var count = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func offer(_ candidate: Candidate) {
        count += 1
        if heap.count < capacity {
            heap.append(candidate)
            rise()
        } else if let worst = heap.first, candidate.isBetter(than: worst) {
            heap[0] = candidate
            sink()
        }
    }

    func sorted() -> [Candidate] { heap.sorted { $0.isBetter(than: $1) } }

    private mutating func rise() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[parent].isBetter(than: heap[child]) else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[worst].isBetter(than: heap[child]) {
                worst = child
            }
            guard worst != parent else { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }
}
