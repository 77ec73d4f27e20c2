package demo

// givenNames are whom the demo is about, and nobody in particular. The first is who visitors log in as; many follow her.
var givenNames = []string{
	"ada", "linus", "grace", "mateo", "yuki", "amara", "jonas", "priya", "tomas", "ines",
	"kofi", "freya", "omar", "lucia", "henrik", "mei", "sofia", "dario", "nadia", "felix",
	"zeynep", "paul", "chiara", "bjorn", "leila", "marek", "aisha", "theo", "rosa", "viktor",
	"hana", "samuel", "elif", "oscar", "greta", "diego", "noor", "emil", "clara", "ravi",
	"maja", "ivan", "selma", "louis", "tara", "anton", "wanda", "kenji", "olga", "hugo",
	"farah", "nils", "alma", "pedro", "dina", "jakub", "lena", "musa", "edith", "otto",
}

// places are where people say they are: none is on a map.
var places = []string{
	"by the river", "third floor, no lift", "near the station", "up the hill", "at the edge of town", "between two parks",
	"the old harbour", "somewhere with good bread", "under the flight path of geese", "one valley over", "",
}

// tempers end a bio.
var tempers = []string{
	"Slow replies, good intentions.", "Opinions are mine, typos too.", "Usually outside.", "Early riser, mostly.",
	"Ask me anything about it.", "Learning as I go.", "Tea over coffee.", "Coffee over tea.", "Here for the small things.", "",
}
