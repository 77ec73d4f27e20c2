package demo

// A topic is something that people write about. In its sentences, {one|other} stands for either.
type topic struct {
	// bio is what somebody does who cares, as a verb phrase.
	bio string
	// posts begin conversations, replies go on with them.
	posts, replies []string
}

var topics = []topic{
	{
		bio: "{rides|repairs|collects} bicycles",
		posts: []string{
			"{Rode|Did} {20|35|48|70|90} km {along the canal|over the hill|out to the reservoir} {before work|in the drizzle|with a tailwind both ways, somehow}.",
			"New {chain|brake pads|saddle|bar tape} on the {old steel bike|commuter|tandem}. It {rides|feels} like {a different machine|ten years ago}.",
			"Third puncture {this month|since Sunday}. {I am starting to take it personally.|Time for better tyres.|At least I am getting quick at it.}",
			"They painted a proper bike lane on {the bridge|the station road|our street}. {Two whole metres wide!|It even goes somewhere.|Credit where it is due.}",
			"Is anybody up for a slow ride on {Saturday|Sunday}? {About 40 km, cake in the middle.|Flat, promised.|I will bring the pump.}",
		},
		replies: []string{
			"{Which way|What route} did you go? I {always|still} get lost {after the lock|behind the mill}.", "Which tyres do you run? Mine {last|lasted} {a season|about a month}.",
			"Count me in if it {stays dry|is after ten|ends near a bakery}.", "The headwind {found me too|was all yours today}.",
		},
	},
	{
		bio: "bakes {bread|sourdough|more bread than anyone can eat}",
		posts: []string{
			"The {starter|rye starter} {doubled|tripled} overnight. {We bake at noon.|Somebody is in a good mood.|I have named it again.}",
			"{70|75|80} percent hydration was {a mistake|brave|exactly right}. {The crumb forgives everything.|My hands are still glued together.|Pictures would not help.}",
			"Bread diary: {longer|shorter} proof, {hotter|cooler} oven, {best ears so far|flat as a plate|a crust that sings when it cools}.",
			"If you have {a cast-iron pot|an old oven stone}, {preheat it a full hour|trust it}. {That was the whole secret.|I wish someone had told me.}",
			"Baked {two loaves|six rolls|a tray of buns} and {the neighbours already know|one is gone before it cooled|gave one to the postwoman}.",
		},
		replies: []string{
			"What flour is {that|it}? Mine {never rises like this|tears at that point}.", "I can {nearly|almost} smell it {from here|over the river}.",
			"{Cold|Overnight} proof, always. {Patience is an ingredient.|It needs nothing but time.}", "Save me {a slice|the heel}, please.",
		},
	},
	{
		bio: "{watches|counts|listens to} birds",
		posts: []string{
			"{A kingfisher|Two goldfinches|A wren|A pair of grebes} {by the weir|at the feeder|in the reeds} {at first light|just now|this afternoon}. {Worth the cold feet.|That was the day made.}",
			"The swifts are {back|gone}. {Summer is official.|It is too quiet up there.|Earlier than last year by {two|three|five} days.}",
			"{Heard|Finally heard} the {cuckoo|nightingale|tawny owl} {from the balcony|behind the allotments}. {Stood there like a statue.|Nobody on the tram would understand.}",
			"Morning count: {12|17|23} species, {one|two} of them only by ear, and {a very judgemental heron|a magpie who counted me back}.",
			"Whoever says sparrows are boring has not seen {them fight over one oat|them bathe in the dust|this hedge at five}.",
		},
		replies: []string{
			"{Lucky!|I envy you.} I have waited {all spring|three years} for one.", "Binoculars, or {just|simply} patience?",
			"They {nest|roost} {under our roof|by the bridge} too. {Loud tenants.|No rent so far.}", "{Noted|Added} for my next early walk.",
		},
	},
	{
		bio: "writes {code|small programs|software, and deletes some of it}",
		posts: []string{
			"Deleted {200|400|900} lines today and {everything still works|nobody noticed|the tests got faster}. {Best kind of commit.|I recommend it.}",
			"The bug was {a time zone|an off-by-one|a cache|a comma}. {It is always that.|Two days for one line.|I owe the compiler an apology.}",
			"Wrote the {test|docs|error message} first, and the {design|function} got {simpler|half as long}. {Again.|Funny how that goes.}",
			"{Explained|Described} the problem to {the cat|a rubber duck|my mother on the phone} and {solved it mid-sentence|had to start over, wiser}.",
			"Friday rule in our team: {no deploys after lunch|only delete code|write down one thing you learned}. {It holds.|Year three.}",
		},
		replies: []string{
			"{Every|Each} time I think mine is different, and it is {not|a time zone}.", "Deleting is {shipping|a feature} too.",
			"Did you {write a test for it|keep the old one in a branch}? {Asking for a friend.|No judgement.}", "This should {hang over every desk|be in the handbook}.",
		},
	},
	{
		bio: "plays {the viola|the double bass|piano, badly|accordion}",
		posts: []string{
			"Played {the slow movement|that waltz|the same eight bars} {until it stopped being notes|forty times|with the window open}. {Progress.|The street clapped once.}",
			"Choir tonight: {we have three tenors again|the altos carried us|nobody brought the second page}. {Goosebumps anyway.|It will be fine by May.}",
			"Found {a box of records|my first songbook|an old radio} {at the flea market|in the cellar}. {The scratches are part of it.|The evening is planned.}",
			"Left hand: {finally|almost} yes. Right hand: {on holiday|as it likes}. {Teacher says patience.|One week to the recital.}",
			"There is a {saxophone|harmonica|cello} somewhere in our building that {only plays on Tuesdays|is getting better|I will miss when it moves out}.",
		},
		replies: []string{
			"{What|Which} piece is it? I would {love to|gladly} play along.", "Slow practice {is the only practice|never lied to me}.",
			"Record it next time, {scratches|wrong notes} and all!", "We need a {bass|tenor|page turner}, in case you are free.",
		},
	},
	{
		bio: "{gardens|grows tomatoes|keeps an allotment}",
		posts: []string{
			"First {tomato|courgette|strawberry} of the year, size of {a marble|a thumb|my pride}. {Shared it fairly.|Ate it standing up.}",
			"Slugs {three|four|nine}, lettuce {nil|one}. {We go again tonight.|I respect the persistence.}",
			"Sowed {peas|beetroot|sweet peas|marigolds} {a week early|between two showers|in straight lines, for once}. {Now we wait.|Fingers crossed for no frost.}",
			"The compost is {steaming|perfect|full of robins' favourites}. {I am far too happy about it.|Smells like the forest.}",
			"{Swapped|Traded} {rhubarb|seedlings|a bucket of plums} for {eggs|a jar of honey|quince jelly} over the fence. {The economy works.|Good neighbours.}",
		},
		replies: []string{
			"Which variety? Mine {sulk|grow leaves and nothing else}.", "{Beer traps|Copper tape|Ducks}. I say no more.",
			"I have {spare seedlings|too many pots} if you {need some|want them}.", "That is {soil|patience} for you. {Well done.|Lovely.}",
		},
	},
	{
		bio: "takes the {slow|night|scenic} train",
		posts: []string{
			"{Four|Six|Nine} hours by train, {two|three} changes, {one|no} delay, and {a lake|the sea} in the window {half the way|at sunset}.",
			"Night train report: {slept like a stone|the snorer in bunk 4 won|woke up in another climate}. {Would do it again.|Breakfast came with a view.}",
			"The {07:12|06:48|17:31} had {an extra carriage|open windows|a conductor who sings}. {Small luxuries.|Everybody smiled.}",
			"Missed the connection by {a minute|ten steps}, found {the best soup in town|a bookshop in the station|a bench in the sun}. {No complaints.}",
			"There is a branch line with {two|three} trains a day, and {today I was the only passenger|the driver waves back|it stops on request}.",
		},
		replies: []string{
			"Which line? I want that {window|seat|soup}.", "{Left|Right} side for the view, {always|trust me}.",
			"The {slow|branch} lines are {the best ones|how you see a country}.", "I would have {missed it|slept through it} too.",
		},
	},
	{
		bio: "reads {novels|on trams|three books at once}",
		posts: []string{
			"Finished it at {two|three} in the morning. {The last chapter!|Do not start it on a weekday.|I will need a week before the next one.}",
			"Library haul: {two novels|a thriller|letters from a lighthouse keeper}, {a cookbook|a field guide} and {one I only took for the cover|a book I swear I own}.",
			"Book club could not agree on {the ending|the narrator|anything}. {Best evening in months.|We ate well.|Half of us had read it.}",
			"Rereading a {childhood favourite|book from school} and {it is a different book|I was wrong about everyone in it|the dog still gets me}.",
			"A page a day of {poems|an atlas|a very long diary} {with the first coffee|before sleep}. {I recommend the pace.|Year two.}",
		},
		replies: []string{
			"No spoilers, I am on page {40|112|190}!", "Title, please? My {pile|list} is {only|merely} up to my knee.",
			"{Gave|Lent} mine to a friend in spring. {It never came back.|We still talk about it.}", "The {second half|translation} is {even better|worth the wait}.",
		},
	},
	{
		bio: "swims in {cold water|the lake|any lake}",
		posts: []string{
			"Water at {9|11|14|16} degrees. {In, out, alive.|Two minutes felt like a novel.|Fingers back by noon.}",
			"{Lake|Pool|Sea} to myself {at six|before the rain}. {Mist on top, nobody around.|Even the ducks were asleep.}",
			"Swam {1|1.5|2} km {without counting|in a straight line, nearly|and forgot my towel}. {Shoulders of jelly.|A good kind of tired.}",
			"The season is {open|over}: {somebody jumped first and it was not me|the ladder is out|tea from the flask tastes best here}.",
		},
		replies: []string{
			"{Respect|Brave}. I went in up to the {knees|ankles}.", "What time do you go? I could {use|do with} company.",
			"Wool hat. {Trust me.|It changes everything.}", "The tea after is {the whole point|half of it}.",
		},
	},
	{
		bio: "cooks {soup|for friends|without recipes}",
		posts: []string{
			"Soup night: {leek and potato|red lentils|everything that was left}, {a lot of pepper|too much dill|lemon at the end}. {No leftovers.|Bowls licked.}",
			"{Dumplings|Noodles} by hand, {sixty|ninety} of them, {one prettier than the other|none alike}. {Never again. Until Sunday.|Many helpers, much flour.}",
			"The market had {the first asparagus|chanterelles|cherries}. {Dinner decided itself.|I carried home too much.}",
			"My grandmother's {pie|stew|pancakes}: {no recipe, only 'until it looks right'|three tries so far|today it tasted right}.",
			"Does anyone have a use for {two kilos of plums|a whole celeriac|eleven lemons}? {Asking from under them.|Jam is taken.}",
		},
		replies: []string{
			"More {salt|lemon|butter}. It is {always|usually} that.", "Recipe, please, {or the nearest thing to it|even if it is only a shrug}.",
			"Coming over with {bread|an empty jar}.", "Mine {burned|boiled over} while I read this.",
		},
	},
}

// replies go with anything.
var replies = []string{
	"Love this.", "This made my {morning|evening|commute}.", "{Same here|Same}, {to my surprise|as it happens}.", "Now I want to {try it|go outside}.",
	"Tell us how it {goes|went on}!", "{Ha!|Ha,} I know that feeling.", "{Good|Great} to hear.", "You had me at the first {word|sentence}.",
}

// thanks are what authors answer to replies.
var thanks = []string{
	"Thank you! {I will let you know.|More soon.}", "{Next time|Next week} {together|with you}, then?", "{Deal.|Agreed.} {Bring a friend.|Saturday?}",
	"{You are right, of course.|I had not thought of that.}", "{Come by|Drop in} any time.", "{Exactly|Precisely} that.",
}
